# Errors: key = reason in lower-kebab
device-not-found = No such device.
device-exists = A device of this id is registered already.
device-model-unknown = No installed plugin reads devices of the model "{ $model }".
device-retired = The device is retired and can't be used again.
device-bound-already = The device speaks for somebody else. Unbind it first.
area-not-found = No such area among yours.

# Personal data
personal-devices = Devices
personal-devices-purpose = Which devices measure for you
personal-kept-equipment = The device belongs to an organisation and is used again; that it measured for you is forgotten.
personal-hold-device-bound = { $count } of your devices still measure for you. Please give them back first.
personal-field-id = Device
personal-field-model = Model
personal-field-display-name = Name
personal-field-organisation = Organisation
personal-field-area = Area
personal-field-state = State
personal-field-created-at = Registered at
personal-field-subject = For whom
personal-field-domain = Service
personal-field-bound-at = Since
personal-field-last-seen-at = Last heard at
personal-field-clock-offset-s = Clock ahead by (seconds)

# What the uplink itself tells a wearer
feedback-held = Kept; being passed on
feedback-received = Received; help is being called
feedback-acknowledged = Somebody has your call
feedback-coming = Help is coming
feedback-over = Over
feedback-refused = Not passed on

# `xianban simulate`: what each scenario plays, and what it should lead to
simulate-calm = A whole calm day; nothing alarms.
simulate-calm-leads = The page shows the newest numbers as fresh, and no new alert.
simulate-falling-oxygen = Blood oxygen falls from 97 to 84 % while pulse and breathing rise.
simulate-falling-oxygen-leads = An alert "oxygen too low" (severe); the family is told first. With a blood pressure known (play calm --device demo-box before) the early warning score climbs and is raised, too.
simulate-sos = The button is pressed; it is said again until the display answers.
simulate-sos-leads = A call for help (extreme) that climbs from the family to 120 until somebody takes it; who takes it is shown on the device.
simulate-fall = Ten seconds of acceleration with a fall. The data is synthetic: computed, not recorded from anybody.
simulate-fall-leads = The rule pack "fall" finds a blow, another posture and stillness, and raises "may have fallen" (severe), once.
simulate-smoke = The home's sensor sees smoke.
simulate-smoke-leads = An alert "smoke" (extreme) that climbs within minutes.
simulate-wander = The locator walks 900 m away from home; it tells the last twelve minutes' walk, one place a second.
simulate-wander-leads = An alert "left a place" (severe); the page shows where the locator was last.
simulate-low-battery = The battery runs down to 5 %.
simulate-low-battery-leads = A note "battery low" (minor); nobody is called for it.
simulate-silence = One last word, then nothing.
simulate-silence-leads = Fifteen minutes after the pulse was last heard, at { $until } (Shanghai), "device silent" is raised (moderate). Only if nobody speaks for the device: the demo's own band speaks every minute, so play a band of your own (--device, --secret).
simulate-clock-ahead = The device's clock is an hour ahead.
simulate-clock-ahead-leads = The numbers count from their arrival, and the page says that the device's clock is wrong.
simulate-log-in-desk = Log in as the dispatcher, { $dispatcher }; the daughter, { $daughter }, is told too.
simulate-log-in-family = Log in as the elder, { $elder }, or as the daughter, { $daughter }, and act for her.
simulate-demo-goes-on = The demo's own devices go on with their calm day: what can end by itself does so with their next words.
simulate-earlier = from before
