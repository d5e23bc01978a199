# Errors: key = reason in lower-kebab
care-file-not-found = No elder care file of that name.
care-file-changed = Somebody changed the file meanwhile. Please look again and repeat your change.

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
