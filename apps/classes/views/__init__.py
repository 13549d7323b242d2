"""Pages of classes; `join` is the pupils' own way in."""
