# Errors: key = reason in lower-kebab
device-not-found = No such device.
device-exists = A device of this id is registered already.
device-model-unknown = No installed plugin reads devices of the model "{ $model }".
device-retired = The device is retired and can't be used again.
device-bound-already = The device speaks for somebody else. Unbind it first.
area-not-found = No such area among yours.

# What is known of things (NGSI-LD)
entity-not-found = No such entity.
entity-exists = An entity of this id is there already.
entity-not-yours = The entity is another organisation's and can't be changed by yours.
attribute-not-found = The entity has no such attribute.
entity-id-malformed = The id must be a URI, such as urn:ngsi-ld:OffStreetParking:1.
entity-type-malformed = The type must be a name or a list of one to five names.
attribute-malformed = The attribute is not written as NGSI-LD asks: its kind and its value do not fit, a value is null, or an inner attribute is too deep.
attribute-name-malformed = The attribute's name holds characters that NGSI-LD does not allow, or is longer than 500 bytes in full.
geometry-malformed = This is no whole GeoJSON geometry with longitude and latitude in degrees.
instant-malformed = An instant must be written as 2026-11-29T07:00:00Z.
document-too-large = The document has too many attributes or values.
document-not-json = The body is not JSON.
document-no-object = The body must be one JSON object.
document-no-list = The body must be a JSON list of 1 to 1000 entities.
not-supported = This part of NGSI-LD is not offered here.
query-malformed = The query can't be read.
query-too-complex = The query is too long, too deep or matches too much at once.
query-too-wide = Say which entities are meant: by type, attrs, q, georel or id.
geo-query-malformed = The geo-query needs georel=near;maxDistance==metres, geometry=Point and coordinates of longitude and latitude.
pattern-malformed = The pattern of ids can't be read, or is longer than 200 characters.
past-malformed = timerel, timeAt and endTimeAt do not fit together.
too-many-results = The answer would be too large. Ask for fewer entities, attributes or instances at a time.
context-malformed = The @context can't be read.
context-not-available = This @context is not known here, and contexts are never fetched. Name the core context or one of Smart Data Models (Parking, Device, Alert), or write the terms into the document.
subscription-not-found = No such subscription.
subscription-exists = A subscription of this id is there already.
subscription-malformed = The subscription is not written as NGSI-LD asks.
endpoint-not-allowed = Notifications may not be sent there. The operator of the district decides which hosts may receive them.

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

# What is not there because no plugin brings it
missing-device-adapter = No device models: what devices send cannot be read

access-create-entity = added city data
access-write-attributes = changed city data
access-delete-entity = removed city data
access-delete-attribute = removed a piece of city data
access-upsert-entities = wrote city data
access-list-device-models = looked at models of devices
access-create-device = registered a device
access-get-device = looked at a device
access-list-devices = looked at devices
access-list-resident-devices = looked at the person's devices
access-bind-device = bound a device
access-unbind-device = unbound a device
access-set-device-state = turned a device on or off
access-rotate-device-secret = changed a device's secret
access-create-subscription = subscribed to city data
access-get-subscription = looked at a subscription
access-list-subscriptions = looked at subscriptions
access-update-subscription = changed a subscription
access-delete-subscription = ended a subscription
