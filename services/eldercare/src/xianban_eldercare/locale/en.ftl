# Errors: key = reason in lower-kebab
care-file-not-found = No elder care file of that name.
care-file-exists = There is a file already. Please open it and change what it says.
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
reason-battery-low-told = The device says that its battery is low
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
rung-keeper = Device keeper
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
personal-field-level-assessed-at = Level assessed at
personal-field-level-due-at = Level to be renewed at
personal-assessments = Ability assessments
personal-assessments-purpose = To find the care level and say where it comes from
personal-field-id = Id
personal-field-draft-of = Whose assessment is under way
personal-field-rules = Version of the rules
personal-field-reason = Reason
personal-field-basics = Place, assessors and informant
personal-field-answers = Answers
personal-field-facts = Diagnoses and care-risk events
personal-field-result = Result
personal-field-level = Level
personal-field-replaces = Corrects
personal-field-opened-by = Opened by
personal-field-created-at = Opened at
personal-field-completed-at = Completed at
personal-field-due-at = To be renewed at
personal-official-levels = Results of the unified care-needs assessment
personal-official-levels-purpose = To tell what they give
personal-field-valid-from = Valid from
personal-field-valid-until = Valid until
personal-field-decided-by = Decided by
personal-field-reference = Number of the notice
personal-field-entered-by = Entered by

# Ability assessments
assessment-not-found = This assessment was not found.
assessment-under-way = This elder has an assessment under way; complete or discard it first.
assessment-changed = Somebody has just changed the assessment; look again before you change it.
assessment-completed = The assessment is completed and stays as it is; to correct it, open a new one that names it.
assessment-not-completed = This assessment is not completed yet.
assessment-not-current = Only the assessment whose level counts can be corrected.
assessors-too-few = At least { $least } assessors must be named.
answers-missing = Items without an answer: { $named }.
answers-wrong = Answers that are not right: { $named }.
answer-twice = One item has two answers.
facts-missing = Diagnoses and care-risk events are not filled in; confirm them also when there are none.
risk-kinds-wrong = There is no such care-risk event: { $named }.
rules-not-found = This version of the rules was not found.
rule-answer-missing = No answer yet
rule-item-unknown = There is no such item
rule-answer-out-of-range = There is no such answer
rule-risk-kind-unknown = There is no such event
assessment-sentence = { $total } of { $maximum } points: { $level }.
assessment-sentence-moved = { $total } of { $maximum } points: { $before } by the points, { $level } after adjustment.

# What a level gives
validity-reversed = The validity cannot end before it begins.
scale-gbt-42195 = the ability assessment
scale-sh-unified = the unified care-needs assessment
level-gbt-42195-1 = able
level-gbt-42195-2 = mild disability
level-gbt-42195-3 = moderate disability
level-gbt-42195-4 = severe disability
level-gbt-42195-5 = complete disability
level-sh-unified-0 = normal
level-sh-unified-1 = care level 1
level-sh-unified-2 = care level 2
level-sh-unified-3 = care level 3
level-sh-unified-4 = care level 4
level-sh-unified-5 = care level 5
level-sh-unified-6 = care level 6
level-source-assessed = Ability assessment in this district (GB/T 42195)
level-source-official = Decided by { $by }, valid { $first } to { $last }
benefit-granted = By { $scale } the level is { $level }: granted.
benefit-no-level = No result of { $scale } has been entered. Levels of other assessments are not converted; apply for this one first.
benefit-outdated = The result of { $scale } ({ $level }) is not valid on this day; apply for a new assessment.
benefit-not-this-level = By { $scale } the level is { $level }, which gives nothing here.

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
personal-field-active = Active
personal-field-fence = Place
personal-field-series = Number of the locator
personal-field-raised = Outside
personal-field-told = Told
personal-field-since = Since
personal-field-settled = Judged until
personal-field-snoozed-until = Quiet until
personal-field-state = State
personal-field-started-by = Started by
personal-field-started-by-display = Name of who started it
personal-field-started-at = Started at
personal-field-ended-by = Ended by
personal-field-until = Shared until
personal-field-ended-at = Ended at
personal-field-ended-by-display = Name of who ended it
personal-field-end-note = What was found
personal-field-alert = Alert
personal-field-search = Search
personal-field-position = Position

# Organisations, staff and beds
organisation-not-found = No organisation of that name.
organisation-exists = There is an organisation of that name already. Please choose another one.
organisation-changed = Somebody changed the organisation meanwhile. Please look again and repeat your change.
area-not-yours = You do not answer for the area { $area }.
staff-not-a-carer = This person has no carer's role in the organisation's area. Please register them with identity first.
staff-not-found = This organisation has no such employee.
staff-exists = This person works here already. Please change their entry instead.
staff-changed = Somebody changed the entry meanwhile. Please look again and repeat your change.
days-reversed = The last day can't be before the first.
licence-twice = Only one licence of a kind can be entered.
bed-not-found = No bed of that name.
bed-exists = There is a bed of that name already. Please choose another one.
bed-changed = Somebody changed the bed meanwhile. Please look again and repeat your change.
bed-free = The bed is free.
bed-held = The bed is held for somebody else.
bed-occupied = Somebody lives in this bed.
bed-closed = The bed is out of use.
hold-time = A hold must end after now and within { $days } days.
resident-has-a-bed = This elder already lives in another bed.

# Visits
visit-not-found = No visit of that name.
visit-reversed = The end must be after the start.
visit-too-long = A visit lasts at most { $hours } hours.
visit-far = A visit begins within { $days } days from now at the latest.
visit-over = The time of the visit is over.
visit-too-early = Check-in opens an hour before the visit.
visit-not-over = The time of the visit is not over yet.
visit-planned = Please check in first.
visit-checked-in = The visit has begun.
visit-done = The visit is done.
visit-missed = Nobody came to this visit; it is closed.
visit-cancelled = This visit was cancelled.
check-in-far = You are about { $metres } m from the home, more than { $near } m. Please say why.
check-in-unlocated = Your position is not known. Please say why.
task-unknown = There is no such task.
note-needed = Some tasks are not done. Please say why.
carer-not-found = This organisation has no such carer.
carer-not-here = This person has no carer's role in the elder's area.
carer-inactive = This carer is not rostered at present.
carer-not-employed = { $day } lies outside this carer's employment.
carer-busy = This carer is taken at { $times }, travel included.
licence-missing = A licence is missing: { $licence ->
    [health] health certificate
    [care-worker] care worker certificate
    [nurse] nursing licence
   *[therapist] therapist certificate
}.
licence-not-valid = The { $licence ->
    [health] health certificate
    [care-worker] care worker certificate
    [nurse] nursing licence
   *[therapist] therapist certificate
} ({ $number }) is not valid on the day of the visit; it holds until { $until }.
alert-visit-late = The carer has not come
reason-visit-late = { $carer } was due at { $planned } and has not checked in

# Personal data of visits, beds and staff
personal-visits = Visits
personal-visits-purpose = To plan and record carers' visits to you
personal-beds = Beds
personal-beds-purpose = Which bed is held for you or lived in by you
personal-kept-bed = The bed stays; it has nothing to do with you any more
personal-licences = Licences
personal-licences-purpose = To show that you may do the work you are rostered for
personal-employment = Employment
personal-employment-purpose = To roster you
personal-field-organisation = Organisation
personal-field-carer = Carer
personal-field-carer-display = Carer's name
personal-field-start-at = Start
personal-field-end-at = End
personal-field-travel-minutes = Travel (minutes)
personal-field-tasks = Tasks
personal-field-cancel-reason = Why cancelled
personal-field-checked-in-at = Checked in
personal-field-checked-in-place = Where the carer checked in
personal-field-distance-metres = Metres from the home
personal-field-away-reason = Why not at the home
personal-field-checked-out-at = Checked out
personal-field-note = Note
personal-field-room = Room
personal-field-hold-until = Held until
personal-field-person = Person
personal-field-number = Licence number
personal-field-issued-on = Issued on
personal-field-expires-on = Valid until
personal-field-qualification = Qualification
personal-field-employed-on = Employed from
personal-field-leaves-on = Employed until

# Rule packs
motion-window-invalid = A window of motion is a list of x, y and z in turn.
rules-busy = Somebody's data is being looked at elsewhere at this moment. Please send it again.
personal-rule-packs = What rules know of you
personal-rule-packs-purpose = Scores and fall detection go on from here
personal-field-pack = Rule pack
personal-field-pack-version = Its version
personal-field-marks = How far it has read
personal-field-revision = Count of changes

# Weekly visits
visit-plan-not-found = No weekly plan of that name.
visit-plan-ended = The plan has ended already.
plan-reversed = The last day can't be before the first.
plan-over = The last day is over.
plan-without-days = None of the weekdays lies between the first and the last day.
personal-visit-plans = Weekly visits
personal-visit-plans-purpose = To plan carers' visits to you week by week
personal-visit-plan-days = Days without a visit
personal-visit-plan-days-purpose = To tell the station on which day nobody could be sent, and why
personal-field-plan = Weekly plan
personal-field-plan-day = Day of the plan
personal-field-weekdays = Weekdays
personal-field-starts = Starts at
personal-field-minutes = Minutes
personal-field-first-on = First day
personal-field-last-on = Last day
personal-field-day = Day
personal-field-params = What the reason says
