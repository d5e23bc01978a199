reason-fall-motion = 受到 { $peak } g 的撞击，身体姿态改变 { $turn }°，随后静止不动
