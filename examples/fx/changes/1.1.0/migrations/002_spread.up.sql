-- Only adds: 1.0.0 goes on reading and writing while both versions run.
ALTER TABLE rates ADD COLUMN spread numeric GENERATED ALWAYS AS (ask - bid) STORED;
