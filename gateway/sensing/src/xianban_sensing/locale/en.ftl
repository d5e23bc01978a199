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
