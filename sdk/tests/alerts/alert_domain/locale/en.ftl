alert-oxygen-low = Low blood oxygen
rung-family = Family
rung-neighbourhood = Neighbourhood
rung-station = Station
rung-120 = 120
reason-oxygen-below = Oxygen { $value } %
