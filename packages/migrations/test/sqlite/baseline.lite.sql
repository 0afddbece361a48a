CREATE TABLE users (
  id INTEGER PRIMARY KEY,
  email TEXT NOT NULL,
  name VARCHAR(50),
  age INT,
  status TEXT DEFAULT 'active',
  nickname TEXT,
  score INT NOT NULL DEFAULT 0,
  bio TEXT,
  legacy_code VARCHAR(20),
  created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX users_email_key ON users (email);
CREATE INDEX users_status_idx ON users (status);
CREATE TABLE accounts (id INTEGER PRIMARY KEY, owner_id INT, balance NUMERIC NOT NULL DEFAULT 0, flags INT);
CREATE TABLE orders (
  id INTEGER PRIMARY KEY,
  user_id INT NOT NULL REFERENCES users (id),
  account_id INT,
  total NUMERIC NOT NULL CHECK (total >= 0),
  state TEXT NOT NULL DEFAULT 'new',
  ext_ref TEXT,
  note TEXT
);
CREATE UNIQUE INDEX orders_ext_ref_key ON orders (ext_ref);
CREATE TABLE sessions (token TEXT PRIMARY KEY, user_id INT, expires_at TEXT NOT NULL);
CREATE TABLE old_stuff (id INTEGER PRIMARY KEY, v TEXT);
CREATE VIEW active_users AS SELECT id, email, name FROM users WHERE status = 'active';
CREATE TRIGGER orders_touch AFTER INSERT ON orders BEGIN
  UPDATE users SET score = CASE WHEN score IS NULL THEN 1 ELSE score + 1 END WHERE id = NEW.user_id;
END;
