"""The V2G messages as typed objects: the single source of the EXI codec's grammar tables."""
