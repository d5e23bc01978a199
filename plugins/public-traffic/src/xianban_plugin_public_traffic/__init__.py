"""交通实况: how traffic moves on the ways to car parks, from DATEX II v3."""
