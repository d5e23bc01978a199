note-forbidden = The note { $text } is forbidden.
