"""Loads a YAML file with PyYAML's C loader, the garbage collector off."""

import gc
import sys

import yaml

gc.disable()
with open(sys.argv[1]) as file:
    yaml.load(file, Loader=yaml.CSafeLoader)
