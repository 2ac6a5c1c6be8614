"""`tf.image`: operations on images."""

# ops: images
from scopedjax._src.base.absence import absent as _absent
from scopedjax._src.ops.image.boxes import crop_and_resize as crop_and_resize
from scopedjax._src.ops.image.boxes import draw_bounding_boxes as draw_bounding_boxes
from scopedjax._src.ops.image.boxes import sample_distorted_bounding_box as sample_distorted_bounding_box
from scopedjax._src.ops.image.coding import decode_bmp as decode_bmp
from scopedjax._src.ops.image.coding import decode_gif as decode_gif
from scopedjax._src.ops.image.coding import decode_image as decode_image
from scopedjax._src.ops.image.coding import decode_jpeg as decode_jpeg
from scopedjax._src.ops.image.coding import decode_png as decode_png
from scopedjax._src.ops.image.coding import encode_jpeg as encode_jpeg
from scopedjax._src.ops.image.coding import encode_png as encode_png
from scopedjax._src.ops.image.color_spaces import rgb_to_yiq as rgb_to_yiq
from scopedjax._src.ops.image.color_spaces import rgb_to_yuv as rgb_to_yuv
from scopedjax._src.ops.image.color_spaces import yiq_to_rgb as yiq_to_rgb
from scopedjax._src.ops.image.color_spaces import yuv_to_rgb as yuv_to_rgb
from scopedjax._src.ops.image.colors import adjust_brightness as adjust_brightness
from scopedjax._src.ops.image.colors import adjust_contrast as adjust_contrast
from scopedjax._src.ops.image.colors import adjust_gamma as adjust_gamma
from scopedjax._src.ops.image.colors import adjust_hue as adjust_hue
from scopedjax._src.ops.image.colors import adjust_saturation as adjust_saturation
from scopedjax._src.ops.image.colors import convert_image_dtype as convert_image_dtype
from scopedjax._src.ops.image.colors import grayscale_to_rgb as grayscale_to_rgb
from scopedjax._src.ops.image.colors import hsv_to_rgb as hsv_to_rgb
from scopedjax._src.ops.image.colors import per_image_standardization as per_image_standardization

# names of TensorFlow before 1.0
from scopedjax._src.ops.image.colors import per_image_standardization as per_image_whitening
from scopedjax._src.ops.image.colors import random_brightness as random_brightness
from scopedjax._src.ops.image.colors import random_contrast as random_contrast
from scopedjax._src.ops.image.colors import random_hue as random_hue
from scopedjax._src.ops.image.colors import random_saturation as random_saturation
from scopedjax._src.ops.image.colors import rgb_to_grayscale as rgb_to_grayscale
from scopedjax._src.ops.image.colors import rgb_to_hsv as rgb_to_hsv
from scopedjax._src.ops.image.colors import total_variation as total_variation
from scopedjax._src.ops.image.fitting import resize_image_with_pad as resize_image_with_pad
from scopedjax._src.ops.image.fitting import rot90 as rot90
from scopedjax._src.ops.image.geometry import central_crop as central_crop
from scopedjax._src.ops.image.geometry import crop_to_bounding_box as crop_to_bounding_box
from scopedjax._src.ops.image.geometry import flip_left_right as flip_left_right
from scopedjax._src.ops.image.geometry import flip_up_down as flip_up_down
from scopedjax._src.ops.image.geometry import pad_to_bounding_box as pad_to_bounding_box
from scopedjax._src.ops.image.geometry import random_flip_left_right as random_flip_left_right
from scopedjax._src.ops.image.geometry import random_flip_up_down as random_flip_up_down
from scopedjax._src.ops.image.geometry import resize_image_with_crop_or_pad as resize_image_with_crop_or_pad
from scopedjax._src.ops.image.geometry import resize_with_crop_or_pad as resize_with_crop_or_pad
from scopedjax._src.ops.image.geometry import transpose_image as transpose
from scopedjax._src.ops.image.geometry import transpose_image as transpose_image
from scopedjax._src.ops.image.glimpses import extract_glimpse as extract_glimpse
from scopedjax._src.ops.image.jpeg import adjust_jpeg_quality as adjust_jpeg_quality
from scopedjax._src.ops.image.jpeg import decode_and_crop_jpeg as decode_and_crop_jpeg
from scopedjax._src.ops.image.jpeg import extract_jpeg_shape as extract_jpeg_shape
from scopedjax._src.ops.image.jpeg import is_jpeg as is_jpeg
from scopedjax._src.ops.image.jpeg import random_jpeg_quality as random_jpeg_quality
from scopedjax._src.ops.image.patches import extract_image_patches as extract_image_patches
from scopedjax._src.ops.image.patches import extract_patches as extract_patches
from scopedjax._src.ops.image.patches import image_gradients as image_gradients
from scopedjax._src.ops.image.patches import sobel_edges as sobel_edges
from scopedjax._src.ops.image.quality import psnr as psnr
from scopedjax._src.ops.image.quality import ssim as ssim
from scopedjax._src.ops.image.quality import ssim_multiscale as ssim_multiscale
from scopedjax._src.ops.image.resizing import ResizeMethod as ResizeMethod
from scopedjax._src.ops.image.resizing import resize as resize
from scopedjax._src.ops.image.resizing import resize_area as resize_area
from scopedjax._src.ops.image.resizing import resize_bicubic as resize_bicubic
from scopedjax._src.ops.image.resizing import resize_bilinear as resize_bilinear
from scopedjax._src.ops.image.resizing import resize_images as resize_images
from scopedjax._src.ops.image.resizing import resize_nearest_neighbor as resize_nearest_neighbor
from scopedjax._src.ops.image.suppression import combined_non_max_suppression as combined_non_max_suppression
from scopedjax._src.ops.image.suppression import non_max_suppression as non_max_suppression
from scopedjax._src.ops.image.suppression import non_max_suppression_overlaps as non_max_suppression_overlaps
from scopedjax._src.ops.image.suppression import non_max_suppression_padded as non_max_suppression_padded
from scopedjax._src.ops.image.suppression import non_max_suppression_with_scores as non_max_suppression_with_scores

# ops: random
from scopedjax._src.ops.random.sampling import random_crop as random_crop

__getattr__ = _absent("image")
