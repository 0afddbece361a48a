CREATE TABLE users (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  email VARCHAR(190) NOT NULL,
  name VARCHAR(50),
  age INT,
  status VARCHAR(20) DEFAULT 'active',
  nickname VARCHAR(60),
  score INT NOT NULL DEFAULT 0,
  bio TEXT,
  legacy_code VARCHAR(20),
  created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
  UNIQUE KEY users_email_key (email),
  KEY users_status_idx (status)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE accounts (
  id BIGINT NOT NULL PRIMARY KEY,
  owner_id BIGINT,
  balance DECIMAL(10,2) NOT NULL DEFAULT 0,
  meta TEXT,
  flags INT,
  opened_on DATETIME,
  code VARCHAR(8),
  CONSTRAINT accounts_balance_chk CHECK (balance >= 0)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE orders (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  user_id BIGINT NOT NULL,
  account_id BIGINT,
  total DECIMAL(12,2) NOT NULL,
  state ENUM('new','paid','shipped') NOT NULL DEFAULT 'new',
  ext_ref VARCHAR(40),
  note TEXT,
  UNIQUE KEY orders_ext_ref_key (ext_ref),
  CONSTRAINT orders_user_fk FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE sessions (
  token VARCHAR(64) NOT NULL PRIMARY KEY,
  user_id BIGINT,
  expires_at DATETIME NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE keyless (k INT NOT NULL, v VARCHAR(20)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE VIEW active_users AS SELECT id, email, name FROM users WHERE status = 'active';
