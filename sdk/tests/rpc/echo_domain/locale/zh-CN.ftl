note-forbidden = 不允许写“{ $text }”。
