"""Run an engineering roadmap that is written down as YAML."""

__version__ = "0.1.0"
