reason-fall-motion = A blow of { $peak } g, the body turned by { $turn }° and then lay still
