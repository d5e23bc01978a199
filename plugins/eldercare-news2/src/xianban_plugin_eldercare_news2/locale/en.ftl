alert-news2 = Early warning score high
reason-news2 = Early warning score NEWS2 { $score } of 20
reason-news2-single = Early warning score NEWS2 { $score } of 20, with 3 points for one parameter alone
reason-news2-part = { $kind ->
    [respiratory-rate] Breathing { $value } /min: { $points } points
    [oxygen-saturation] Blood oxygen { $value } %: { $points } points
    [supplemental-oxygen] On oxygen: { $points } points
    [systolic-pressure] Systolic pressure { $value } mmHg: { $points } points
    [heart-rate] Heart rate { $value } /min: { $points } points
    [consciousness] Less than alert: { $points } points
   *[other] Temperature { $value } °C: { $points } points
}
reason-news2-basis = { $scale ->
    [two] Blood oxygen by scale 2, for a prescribed target of 88-92 %
   *[one] Blood oxygen by scale 1
}{ $assumed ->
    [none] { "" }
    [consciousness] ; taken to be alert, nobody said otherwise
    [supplemental-oxygen] ; taken to breathe air, nobody said otherwise
   *[other] ; taken to be alert and to breathe air, nobody said otherwise
}
alert-news2-sensor-off = Sensor off
reason-news2-sensor-off = { $kind ->
    [respiratory-rate] Breathing is not measured: no early warning score
    [oxygen-saturation] Blood oxygen is not measured: no early warning score
    [systolic-pressure] Systolic pressure is not measured: no early warning score
    [heart-rate] Heart rate is not measured: no early warning score
   *[other] Temperature is not measured: no early warning score
}
