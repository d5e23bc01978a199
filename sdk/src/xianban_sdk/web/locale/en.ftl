## The shell every page stands in.
app-name = Xianban
district-name = Fengxian District
app-slogan = One door to every service
skip-link = Skip to main content
nav-main = Main navigation
nav-bottom = Bottom navigation
nav-home = Home
nav-me = Me
nav-log-in = Log in
nav-log-out = Log out
nav-account = My account
language-switch = 中文
language-switch-label = Switch to Chinese
profile-to-elder = Senior mode
profile-to-standard = Standard mode
text-size = Text size
text-size-20 = Large
text-size-24 = Larger
text-size-30 = Largest
text-size-now = (current)
acting-for-banner = You are acting for { $name }
acting-for-end = Stop acting
acting-for-switch = Act for someone
footer-about = About Xianban
footer-api = Open API
footer-health = System status
footer-line = Fengxian District services · open source
messages-unread = { $count ->
    [one] { $count } unread message
   *[other] { $count } unread messages
}

## Components.
crumbs-label = You are here
pager-label = Pages
pager-next = Next page
pager-first = Back to the first page
required = required
optional = optional
errors-title = Please check the following
close = Close
cancel = Cancel
confirm = Confirm
save = Save
back = Back
more = See details
chart-table = Show the chart's data
chart-loading = Drawing the chart
map-note = Sketch map: positions are approximate, not for navigation
map-list = The list and the map show the same
map-label = Map
empty-title = Nothing here yet
alert-info = Note
alert-ok = Done
alert-warn = Attention
alert-danger = Important
age-now = just now
age-minutes = { $count } min ago
age-hours = { $count } h ago
age-days = { $count ->
    [one] { $count } day ago
   *[other] { $count } days ago
}
age-unknown = time unknown
age-updated = Updated
age-stale = Data is old
live-on = Live
live-off = Live updates are interrupted; you see the last data received
noscript-live = Scripts are off in your browser: reload the page for the latest data.
again-title = Thank you, it is you
again-text = Please check what you typed and send it once more.

## Problems.
problem-not-found-title = Not found
problem-not-found = What you are looking for does not exist, or you may not see it.
problem-denied-title = Not allowed
problem-denied = You do not have permission to do this.
problem-unavailable-title = Service unavailable
problem-unavailable = “{ $service }” is not answering right now. Nothing of yours is lost. Please try again later; other services keep working.
problem-internal-title = Something went wrong
problem-internal = An unexpected problem occurred and was recorded. Please try again later.
problem-form-title = This page has expired
problem-form = For your safety, go back, reload the page and submit again.
problem-too-large-title = Too large
problem-too-large = What you submitted exceeds the size limit.
problem-invalid-title = Please check what you submitted
problem-conflict-title = This is not possible right now
problem-busy-title = Too many requests
problem-busy = Please wait a moment and try again.
problem-trace = Problem number
problem-home = Go to the home page
problem-retry = Try again

access-list-alerts = looked at alarms
access-get-alert = looked at an alarm
access-list-alert-steps = looked at how an alarm went
access-acknowledge-alert = took an alarm on
access-dispatch-alert = sent somebody
access-escalate-alert = told the next who must know
access-resolve-alert = recorded that an alarm is dealt with
access-close-alert = closed an alarm
access-watch-alerts = watched alarms
access-list-playbooks = looked at playbooks
access-list-playbook-runs = looked at how a playbook goes on
access-start-playbook = started a playbook
access-complete-playbook-step = ticked off a step
access-skip-playbook-step = left out a step
access-abort-playbook = ended a playbook
access-list-accesses = looked at the access records
access-export-personal-data = exported personal data
access-erase-personal-data = erased personal data
access-erase-person = erased the account
