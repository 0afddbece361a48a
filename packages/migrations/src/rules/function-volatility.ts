/** Functions of the server, and of extensions in wide use, that give another value for each row. */
export const VOLATILE_FUNCTIONS: ReadonlySet<string> = words(`
  clock_timestamp currval gen_random_bytes gen_random_uuid gen_salt lastval nanoid nextval random random_normal setseed
  setval timeofday ulid_generate uuid_generate_v1 uuid_generate_v1mc uuid_generate_v4 uuid_generate_v7 uuidv4 uuidv7
  pg_sleep pg_sleep_for pg_sleep_until pg_notify set_config query_to_xml
  pg_advisory_lock pg_advisory_xact_lock pg_try_advisory_lock pg_try_advisory_xact_lock snowflake_nextval gen_ulid
`)

/** Functions of the server that give the same value all through a statement. Others are taken to be unknown. */
export const STEADY_FUNCTIONS: ReadonlySet<string> = words(`
  abs acos age any_value array_append array_cat array_dims array_fill array_length array_lower array_ndims
  array_position array_positions array_prepend array_remove array_replace array_to_json array_to_string
  array_to_tsvector array_upper ascii asin atan atan2 bit_length box broadcast btrim cardinality cbrt ceil ceiling
  char_length character_length chr circle coalesce concat concat_ws convert convert_from convert_to cos cosd cot
  current_catalog current_database current_date current_query current_role current_schema current_schemas
  current_setting current_time current_timestamp current_user date date_bin date_part date_trunc decode degrees
  digest div encode erf exp extract factorial family floor format format_type gcd get_bit get_byte
  get_current_ts_config greatest hmac host hostmask inet_client_addr inet_client_port inet_merge inet_server_addr
  inet_server_port initcap int4range int8range isempty isfinite json_array json_array_elements json_array_length
  json_build_array json_build_object json_extract_path json_extract_path_text json_object json_scalar
  json_strip_nulls json_typeof jsonb_array_length jsonb_build_array jsonb_build_object jsonb_extract_path
  jsonb_extract_path_text jsonb_insert jsonb_object jsonb_path_exists jsonb_path_match jsonb_path_query_array
  jsonb_path_query_first jsonb_pretty jsonb_set jsonb_set_lax jsonb_strip_nulls jsonb_typeof justify_days
  justify_hours justify_interval lcm least left length ln localtime localtimestamp log log10 lower lower_inc
  lower_inf lpad ltrim make_date make_interval make_time make_timestamp make_timestamptz masklen md5 min_scale mod
  multirange netmask network normalize now nullif num_nonnulls num_nulls numnode numrange octet_length overlaps
  overlay parse_ident pg_backend_pid pg_client_encoding pg_column_size pg_get_serial_sequence pg_typeof
  phraseto_tsquery pi plainto_tsquery point position pow power querytree quote_ident quote_literal quote_nullable
  radians range_merge regexp_count regexp_instr regexp_like regexp_match regexp_replace regexp_split_to_array
  regexp_substr repeat replace reverse right round row_to_json rpad rtrim scale session_user set_bit set_byte
  set_masklen setweight sha224 sha256 sha384 sha512 sign similarity sin split_part sqrt statement_timestamp
  starts_with string_to_array strip strpos substr substring tan text timestamp timestamptz timezone to_char
  to_date to_hex to_json to_jsonb to_number to_regclass to_timestamp to_tsquery to_tsvector
  transaction_timestamp txid_current pg_current_xact_id translate trim trim_array trim_scale trunc ts_rank ts_rewrite tsrange tstzrange daterange
  unaccent unistr upper upper_inc upper_inf user uuid_generate_v3 uuid_generate_v5 uuid_nil uuid_ns_dns
  uuid_ns_url version websearch_to_tsquery width_bucket xmlconcat xmlelement xmlforest
`)

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/).filter(Boolean))
}
