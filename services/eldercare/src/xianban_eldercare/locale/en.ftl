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

# Places, whereabouts and searches
fence-not-found = No place of that name.
fence-changed = Somebody changed the place meanwhile. Please look again and repeat your change.
fences-too-many = At most { $most } places. Please take one out first.
search-not-found = No search of that name runs.
search-over = The search is over. Please report again if the person is still missing.
alert-left-place = Left a place
reason-left-place = About { $metres } m outside "{ $place }"
alert-lost = Lost: please help to look
reason-lost = Reported as lost; the live position is shared for the time of the search
search-basis = Shared without consent to protect life and health in an emergency (Personal Information Protection Law, art. 13(4)): only for the time of the search, and only with the family and the responders of the area.
whereabouts-never = { $name }'s locator has not told any place yet.
whereabouts-seen = { $name }'s locator was { $where } { $ago }.
whereabouts-old = { $name }'s locator was { $where } { $ago }. That is old: it may be somewhere else by now.
whereabouts-minutes = { $minutes ->
    [0] just now
    [one] a minute ago
   *[other] { $minutes } minutes ago
}
whereabouts-hours = { $hours } hours ago
whereabouts-home = home
whereabouts-inside = at "{ $place }"
whereabouts-metres = about { $metres } m outside "{ $place }"
whereabouts-far = about { $kilometres } km outside "{ $place }"
whereabouts-somewhere = at a place that has no name here
personal-fences = Places
personal-fences-purpose = So that leaving a place is noticed
personal-fence-states = Whether you are outside your places
personal-fence-states-purpose = So that leaving a place is told once
personal-searches = Searches for you
personal-searches-purpose = To find you when you were reported as lost
personal-trails = Trails of searches
personal-trails-purpose = Where your locator was during a search
personal-field-center = Centre
personal-field-radius-m = Radius (metres)
personal-field-start-minute = Counts from (minute of the day)
personal-field-end-minute = Counts until (minute of the day)
personal-field-active = Watched
personal-field-fence = Place
personal-field-series = Number of the locator
personal-field-raised = Outside
personal-field-told = Told
personal-field-since = Since
personal-field-settled = Judged until
personal-field-snoozed-until = Quiet until
personal-field-reason = Reason
personal-field-state = State
personal-field-started-by = Started by
personal-field-started-by-display = Name of who started it
personal-field-started-at = Started at
personal-field-until = Shared until
personal-field-ended-at = Ended at
personal-field-ended-by-display = Name of who ended it
personal-field-end-note = What was found
personal-field-alert = Alert
personal-field-search = Search
personal-field-position = Position
