"""Sessions that initialise, restore, start threads, save and stop by themselves."""
