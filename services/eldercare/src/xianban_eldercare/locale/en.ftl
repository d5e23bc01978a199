# Errors: key = reason in lower-kebab
care-file-not-found = No elder care file of that name.
care-file-changed = Somebody changed the file meanwhile. Please look again and repeat your change.
kind-unknown = "{ $kind }" is not measured here.
limit-impossible = The limit must lie between { $least } and { $most }.
limits-reversed = The lower limit must be below the upper one.
span-reversed = The end must be after the start.
span-too-long = At most { $days } days at once.
raw-only-around-an-alarm = Carers see single readings only around an alarm.

# Alerts and why they stand
alert-heart-rate-low = Heart rate too low
reason-heart-rate-low = Heart rate { $value } /min, below the limit of { $level } /min
reason-heart-rate-low-over = Heart rate is back within { $level } /min: { $value } /min
alert-heart-rate-high = Heart rate too high
reason-heart-rate-high = Heart rate { $value } /min, above the limit of { $level } /min
reason-heart-rate-high-over = Heart rate is back within { $level } /min: { $value } /min
alert-oxygen-saturation-low = Blood oxygen too low
reason-oxygen-saturation-low = Blood oxygen { $value } %, below the limit of { $level } %
reason-oxygen-saturation-low-over = Blood oxygen is back within { $level } %: { $value } %
alert-oxygen-saturation-high = Blood oxygen too high
reason-oxygen-saturation-high = Blood oxygen { $value } %, above the limit of { $level } %
reason-oxygen-saturation-high-over = Blood oxygen is back within { $level } %: { $value } %
alert-respiratory-rate-low = Breathing too low
reason-respiratory-rate-low = Breathing { $value } /min, below the limit of { $level } /min
reason-respiratory-rate-low-over = Breathing is back within { $level } /min: { $value } /min
alert-respiratory-rate-high = Breathing too high
reason-respiratory-rate-high = Breathing { $value } /min, above the limit of { $level } /min
reason-respiratory-rate-high-over = Breathing is back within { $level } /min: { $value } /min
alert-body-temperature-low = Temperature too low
reason-body-temperature-low = Temperature { $value } °C, below the limit of { $level } °C
reason-body-temperature-low-over = Temperature is back within { $level } °C: { $value } °C
alert-body-temperature-high = Temperature too high
reason-body-temperature-high = Temperature { $value } °C, above the limit of { $level } °C
reason-body-temperature-high-over = Temperature is back within { $level } °C: { $value } °C
alert-systolic-pressure-low = Systolic pressure too low
reason-systolic-pressure-low = Systolic pressure { $value } mmHg, below the limit of { $level } mmHg
reason-systolic-pressure-low-over = Systolic pressure is back within { $level } mmHg: { $value } mmHg
alert-systolic-pressure-high = Systolic pressure too high
reason-systolic-pressure-high = Systolic pressure { $value } mmHg, above the limit of { $level } mmHg
reason-systolic-pressure-high-over = Systolic pressure is back within { $level } mmHg: { $value } mmHg
alert-diastolic-pressure-low = Diastolic pressure too low
reason-diastolic-pressure-low = Diastolic pressure { $value } mmHg, below the limit of { $level } mmHg
reason-diastolic-pressure-low-over = Diastolic pressure is back within { $level } mmHg: { $value } mmHg
alert-diastolic-pressure-high = Diastolic pressure too high
reason-diastolic-pressure-high = Diastolic pressure { $value } mmHg, above the limit of { $level } mmHg
reason-diastolic-pressure-high-over = Diastolic pressure is back within { $level } mmHg: { $value } mmHg
alert-battery-low = Battery low
reason-battery-low = The device has { $value }% of its battery left
reason-battery-low-over = The battery is charged again: { $value }%
alert-smoke-high = Smoke
reason-smoke-high = The smoke detector raised an alarm
reason-smoke-high-over = The smoke alarm is over
alert-gas-high = Gas
reason-gas-high = The gas detector raised an alarm
reason-gas-high-over = The gas alarm is over
alert-device-silent = A device is silent
reason-device-silent = Nothing was received for { $minutes } min
reason-device-silent-over = The device speaks again
alert-sos = Call for help
reason-sos = The help button of the worn device was pressed
alert-fall = Fall
reason-fall = The worn device noticed a fall
alert-device-tampered = A device was tampered with
reason-device-tampered = A device at home says that it was tampered with
reason-sos-page = The help button of the page was pressed

# The ladder
rung-family = Family
rung-neighbourhood = Neighbourhood committee
rung-station = Care station
rung-120 = 120 and dispatcher

# How an elder is
state-alarm = { $name }: { $title }. { $count } to be seen to.
state-no-devices = No device measures for { $name } yet.
state-silent = No current data of { $name }. Please check the device.
state-well = { $minutes ->
    [0] All is well with { $name }; the latest data has just come.
   *[other] All is well with { $name }; the latest data is { $minutes } min old.
}
state-partly = No alarm about { $name }, but some data is old or cannot be right. Please look at the numbers.

# A call for help
sos-none = No call for help stands.
sos-calling = Calling for help …
sos-acknowledged = { $by } has your call.
sos-answered = Somebody has your call.
sos-coming = Help is on the way.
sos-over = The call is over.
wearer-acknowledged = { $by } has your call
wearer-answered = Somebody has your call
wearer-coming = Help is on the way
wearer-over = The call is over

# Personal data
personal-care-file = Elder care file
personal-care-file-purpose = What those who care for you must know
personal-field-resident = Person
personal-field-display-name = Name
personal-field-area = Area
personal-field-address = Address
personal-field-home = Where the home is
personal-field-living = Lives
personal-field-care-level = Care level
personal-field-contacts = Contacts
personal-field-conditions = Conditions
personal-field-allergies = Allergies
personal-field-station = Care station
personal-field-version = Version
personal-field-updated-at = Changed at
personal-thresholds = Limits
personal-thresholds-purpose = When an alarm is raised for you
personal-field-kind = Quantity
personal-field-low = Lower limit
personal-field-high = Upper limit
personal-field-sustain-seconds = Lasting (seconds)
personal-field-severity = Severity

# Rule packs
motion-window-invalid = A window of motion is a list of x, y and z in turn.
rules-busy = Somebody's data is being looked at elsewhere at this moment. Please send it again.
personal-rule-packs = What rules know of you
personal-rule-packs-purpose = Scores and fall detection go on from here
personal-field-pack = Rule pack
personal-field-pack-version = Its version
personal-field-marks = How far it has read
personal-field-state = What it knows
personal-field-revision = Count of changes
