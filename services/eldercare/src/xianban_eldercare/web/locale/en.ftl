site-title = Elder care
site-summary = See how somebody is, take alerts, call for help
nav-eldercare = Elder care
nav-alerts = Alerts
nav-file = Care file
nav-board = Duty desk
nav-elders = Elders
section-home = How things are
sections-label = Elder care
tile-none-open = No open alerts in your areas
tile-open = Open alerts: { $count }, of which nobody has taken { $untaken }
acting-here = You are acting for { $name }.
part-away = This part is not available
part-away-text = The rest of the page is not affected. Please try again later.
note = Note
search = Search
somebody = a member of staff or family
contact = Contact
times = { $count } times

## How things are.
home-title = Elder care
home-lead = Every number says when it was measured; what cannot be believed is not shown as a number.
how-title = How things are
state-away = Measurements cannot be seen right now
state-away-text = That does not mean that all is well. Please call the person; in an emergency call 120.
no-file-title = No care file yet
no-file-text = With a care file, measurements and alerts can arrive. Calling for help works without one.
no-consent-title = Monitoring has not been agreed to
no-consent-text = Measurements are taken in and shown only with the person's consent, which can be withdrawn at any time. Calling for help works without it.
no-consent-go = See "My consents"
no-devices-title = No device reports yet
no-devices-text = Once a wristband or another device is bound, heart rate, blood oxygen and more are shown here.
open-alerts = Open alerts
vitals-title = Measurements
last-good = Last believable number at { $time } ({ $age })
last-good-never = No believable number has ever come
clock-wrong = The device's clock is wrong: the times are those of arrival
band = Alert range { $low } – { $high }
band-from = Alert range: { $low } or more
band-to = Alert range: { $high } or less
beyond-low = Below the alert range
beyond-high = Above the alert range
verdict-fresh = On time
verdict-late = Later than promised, for orientation only
verdict-stale = Too old
verdict-implausible = Not believable
verdict-silent = No data
withheld-fresh = Number unknown
withheld-late = Number unknown
withheld-stale = The last number is too old to be shown
withheld-implausible = What was measured cannot be true and is not shown
withheld-silent = The device has sent nothing
unit-per-minute = per minute
unit-percent = %
unit-celsius = °C
unit-mmhg = mmHg
switch-smoke-on = Smoke detected
switch-smoke-off = No smoke
switch-gas-on = Gas detected
switch-gas-off = No gas leak
switch-door-on = Door open
switch-door-off = Door closed
switch-motion-on = Somebody moves about
switch-motion-off = No movement
kind-heart-rate = Heart rate
kind-oxygen-saturation = Blood oxygen
kind-respiratory-rate = Breathing
kind-body-temperature = Temperature
kind-systolic-pressure = Systolic pressure
kind-diastolic-pressure = Diastolic pressure
kind-smoke = Smoke
kind-gas = Gas
kind-battery = Device battery
call-contact = Call { $name } ({ $relation })
call-120 = Call 120 (ambulance)
contacts-unknown = With a care file, family can be called from here at one touch.
contacts-away = Contacts cannot be seen right now. Please call 120 or your family directly.

## Calling for help.
help-title = Help
sos-title = Call for help
sos-press = Call for help
sos-note = You are asked once more; within 5 seconds you can take it back.
sos-follow = See where the call stands
sos-question = Call for help?
sos-press-again = Press the red button once more to tell your family and the care station at once.
sos-counting = Calling in … seconds
sos-now = Call now
sos-wrong-press = Pressed by mistake, do not call
sos-failed = The call for help was not sent!
sos-failed-text = Call 120 or your family by phone at once. You can also press the red button again.
sos-calling = Calling
sos-acknowledged = Answered
sos-answered-by = { $name } has answered
sos-coming = On the way
sos-over = Over
sos-none = No call for help stands.
sos-since = Called at { $time }
sos-away = Where the call stands cannot be seen right now
sos-away-text = A call that was sent goes on all the same. If it is urgent, call 120.
sos-cancel = Cancel the call
sos-cancel-question = Are you sure that no help is needed? Everybody who was told will hear that you cancelled.
sos-again = Call for help again
sos-reload = Refresh

## One quantity over time.
vital-lead = Mean, least and greatest of each hour, beside the alert range.
vital-caption = { $name } ({ $span })
span-label = Time span
span-day = Last 24 hours
span-week = Last 7 days
chart-hour = Time
chart-mean = Mean
chart-least = Least
chart-most = Greatest
chart-low = Lower limit
chart-high = Upper limit
vital-gaps = Hours without believable data stay empty; nothing is guessed. The present hour is shown once it is over.
vital-none = No believable data in this time.

## Alerts.
alerts-title = Alerts
alerts-lead = What happened, who sees to it, and who hears next.
alerts-filter = Which alerts
alerts-all = All
alerts-open = Not closed
alerts-none = No alerts.
alert-now = Now
alert-steps = Step by step
alert-since = Since
alert-cleared = Back to normal
alert-untaken = Nobody has taken it yet
alert-taken-by = { $name } sees to it
alert-was-taken-by = { $name } saw to it
severity-minor = Blue · minor
severity-moderate = Yellow · moderate
severity-severe = Orange · severe
severity-extreme = Red · extreme
alert-state-raised = Not taken
alert-state-acknowledged = Taken
alert-state-dispatched = Somebody was sent
alert-state-resolved = Dealt with
alert-state-closed = Closed
next-rung = { $rung } told; next in line:
next-rung-first = Next to be told:
until-left = in …
until-now = being told now
rung-told = { $rung } told
take-it = I see to it
take-note-hint = For example: I am there in 10 minutes
take-means = After this nobody further is told, and those who were told hear that you see to it.
taken-done = You have taken it; those who were told get a message.
fact-raised = Raised
fact-who = In whose hands
fact-sent = Sent
fact-rung = Told last
fact-occurrences = Happened
fact-cleared = Back to normal
fact-resolved = Dealt with
fact-closed = Closed
step-raised = Raised
step-repeated = Happened again
step-told = Told
step-acknowledged = Taken
step-dispatched = Somebody sent
step-cleared = Back to normal
step-resolved = Dealt with
step-closed = Closed
step-noted = Noted
step-unhandled = Taken but not dealt with: others are told
step-other = Updated
elsewhere-title = This alert is not here
elsewhere-text = It may be about somebody you care for. Switch to acting for them first, then open it from the message.
elsewhere-acting = It is not about the person you act for now. Switch to the right person, then open it from the message.
elsewhere-switch = Act for somebody

## Care file.
file-title = Care file
file-lead = What those who care must know; everybody who looks at it is recorded.
file-none = There is no care file yet.
file-open = Open a care file
file-edit = Change the care file
file-edit-lead = Empty rows are not kept; to remove a row, empty it.
file-saved = The care file was saved.
file-person = Person
file-name = Name
file-area = Town
file-address = Address
file-living = Lives
file-level = Care level
file-updated = Changed
file-contacts = Contacts
file-conditions = Conditions
file-allergies = Allergies
file-for-now = Whom to call, where to go
contacts-none = No contacts yet.
contacts-hint = Called in this order, the first one first.
contact-number = Contact { $number }
contact-name = Name
contact-phone = Phone
contact-relation = Relation (such as "daughter")
conditions-hint = What a carer or a paramedic must know.
condition-number = Condition { $number }
condition-display = Name
condition-code = Code (ICD-10, may stay empty)
allergies-hint = One on each line, e.g. penicillin
nothing-noted = Nothing noted.
area-nanqiao = Nanqiao
area-fengpu = Fengpu
living-unspecified = Not stated
living-alone = Alone
living-with-spouse = With spouse
living-with-family = With family
living-in-institution = In a care home
level-unspecified = Not assessed
level-intact = Able
level-mild = Mild need
level-moderate = Moderate need
level-severe = Severe need
level-complete = Complete need
level-any = Any
level-least = { $level } or more
limits-title = Alert limits
limits-lead = Beyond the own range for a while, family and station are told. Please set it as the doctor advises; leave a side empty where it is not needed.
limits-saved = The limits were saved and hold within half a minute.
limits-none = There is nothing to set.
limits-fixed = Alerts of the devices themselves
limit-own = Own range
limit-default = District's default
limit-kind = What
limit-low = Lower limit
limit-high = Upper limit
limit-sustain = For how many minutes
limit-severity = Severity
limit-not-a-number = "{ $typed }" is not a number; write for example 36.5.

## Duty desk.
board-title = Duty desk
board-lead = Open alerts in your areas, worst first.
board-open = Open: { $count }
board-none = No open alerts.
board-to-close = Dealt with, to be closed
board-handle = Open
subject-unknown = No name known
deeds-title = What to do
deed-acknowledge = I see to it
deed-dispatch = Send somebody
deed-escalate = Tell the next in line now
deed-resolve = Dealt with
deed-close = Close
deed-done-acknowledge = You have taken it.
deed-done-dispatch = Somebody was sent.
deed-done-escalate = The next in line were told.
deed-done-resolve = Noted as dealt with.
deed-done-close = Closed.
dispatch-to = Whom to send
dispatch-other = Somebody else (counts instead of the choice above)
outside-120 = 120 ambulance
outside-119 = 119 fire brigade
outside-110 = 110 police
escalate-means = The next in line are told now instead of when their time comes.
resolve-hint = What was found and what was done
resolve-note-missing = Please write what was found and what was done.
close-means = Nothing can be changed after closing.
false-alarm = False alarm (counts in the rule's figure)
position = Place: { $latitude } north, { $longitude } east, within about { $metres } m
elder-more = More about { $name }
elders-title = Elders
elders-lead = The care files in your areas.
elders-search = Name
elders-none = Nobody matches.

## Messages.
message-eldercare-alert-told-title = { $rule ->
    [sos] { $subject } calls for help
    [fall] { $subject } may have fallen
    [smoke-high] Smoke at { $subject }'s home
    [gas-high] Gas at { $subject }'s home
    [heart-rate-low] { $subject }: heart rate too low
    [heart-rate-high] { $subject }: heart rate too high
    [oxygen-saturation-low] { $subject }: blood oxygen too low
    [respiratory-rate-low] { $subject }: breathing too slow
    [respiratory-rate-high] { $subject }: breathing too fast
    [body-temperature-low] { $subject }: temperature too low
    [body-temperature-high] { $subject }: temperature too high
    [systolic-pressure-low] { $subject }: blood pressure too low
    [systolic-pressure-high] { $subject }: blood pressure too high
    [device-silent] { $subject }: device silent
    [news2] { $subject }: early warning score high
    [news2-sensor-off] { $subject }: sensor off
    [battery-low] { $subject }: device battery low
   *[other] New alert about { $subject }
}
message-eldercare-alert-told = { $severity ->
    [extreme] This is an emergency: look and act now. If nobody can be reached, call 120.
    [severe] This is severe: please look soon. Press "I see to it" if you can; otherwise the next in line are told.
   *[other] Please look. Press "I see to it" if you can; otherwise the next in line are told.
}
message-eldercare-alert-taken-title = Somebody sees to the alert about { $subject }
message-eldercare-alert-taken = { $by } has taken it: you need not rush there. Open it to see how it goes.
message-eldercare-alert-over-title = The alert about { $subject } is over
message-eldercare-alert-over = { $by } says that it is over: you need not rush there. Open it to see what happened.
message-eldercare-alert-worse-title = { $subject } is getting worse
message-eldercare-alert-worse = { $severity ->
    [extreme] The alert you took is now red (extreme). Please look at once.
    [severe] The alert you took is now orange (severe). Please look at once.
   *[other] The alert you took got worse. Please look at once.
}
