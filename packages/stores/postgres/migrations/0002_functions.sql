-- What must be decided under a lock, in one round trip each. A later version of a function gets a name of its own, so that
-- agents of both versions can work side by side.

-- Compare and swap. The lease is locked first, so that it cannot change hands between the look at it and the write.
create function changeover.append_entries(
  p_rollout text, p_service text, p_expected integer, p_lines text[], p_hashes text[], p_prev text,
  p_low_fence bigint, p_last_fence bigint, p_summary text, p_started_at double precision, p_finished_at double precision,
  p_outcome text, p_again boolean,
  out status text, out actual integer, out current_fence bigint, out current_service text
) language plpgsql as $$
declare
  known changeover.rollouts%rowtype;
  added integer := cardinality(p_lines);
begin
  -- An acknowledged entry survives a crash of the server, whatever its default is.
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  select coalesce((select service from changeover.rollouts where id = p_rollout), p_service) into current_service;
  select fence into current_fence from changeover.leases where service = current_service for update;
  if p_expected = 0 then
    insert into changeover.rollouts (id, service, summary, started_at, next_seq, last_hash, last_fence)
      values (p_rollout, p_service, p_summary, p_started_at, 0, p_prev, 0) on conflict do nothing;
  end if;
  select * into known from changeover.rollouts where id = p_rollout for update;
  actual := coalesce(known.next_seq, 0);
  if actual <> p_expected then
    -- The same call again, whose entries are there: the reply to its commit was lost.
    if p_again and actual >= p_expected + added and p_hashes = array(
      select hash from changeover.entries
      where rollout = p_rollout and seq >= p_expected and seq < p_expected + added order by seq
    ) then
      status := 'appended';
    else
      status := 'conflict';
    end if;
    return;
  end if;
  current_fence := greatest(known.last_fence, coalesce(current_fence, 0));
  status := case when p_low_fence < current_fence then 'stale' when known.last_hash <> p_prev then 'broken' end;
  if status is not null then
    if p_expected = 0 then
      delete from changeover.rollouts where id = p_rollout;
    end if;
    return;
  end if;
  insert into changeover.entries (rollout, seq, hash, line)
    select p_rollout, p_expected + (place - 1)::integer, hash, line
    from unnest(p_hashes, p_lines) with ordinality as given (hash, line, place);
  update changeover.rollouts set next_seq = p_expected + added, last_hash = p_hashes[added], last_fence = p_last_fence,
    finished_at = p_finished_at, outcome = p_outcome, changed_at = clock_timestamp() where id = p_rollout;
  perform pg_notify('changeover_store', json_build_array('changeover', 'journal', p_rollout, current_service,
    p_expected + added - 1)::text);
  status := 'appended';
end
$$;

-- Leases lapse by the clock of this server. A fence is never granted twice.
create function changeover.grant_lease(
  p_service text, p_holder text, p_ttl_ms double precision,
  out granted boolean, out holder text, out fence bigint, out expires_ms double precision, out remaining_ms double precision
) language plpgsql as $$
declare
  last changeover.leases%rowtype;
  until timestamptz;
  moment timestamptz;
begin
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  insert into changeover.leases (service, holder, fence, expires_at) values (p_service, p_holder, 0, '-infinity')
    on conflict do nothing;
  select * into last from changeover.leases as l where l.service = p_service for update;
  moment := clock_timestamp();
  granted := last.expires_at <= moment or last.holder = p_holder;
  if granted then
    holder := p_holder;
    fence := last.fence + (last.expires_at <= moment)::integer;
    until := moment + p_ttl_ms * interval '1 millisecond';
    update changeover.leases as l set holder = p_holder, fence = grant_lease.fence, expires_at = until
      where l.service = p_service;
  else
    holder := last.holder;
    fence := last.fence;
    until := last.expires_at;
  end if;
  expires_ms := floor(extract(epoch from until) * 1000);
  remaining_ms := ceil(extract(epoch from until - moment) * 1000);
end
$$;

-- Takes one command that waits for an engine that leads, or that was taken by one which has not answered.
create function changeover.take_command(p_holders text[], p_patience_ms double precision, p_except text[])
returns table (taken_rollout text, taken_id text, taken_body text) language sql as $$
  update changeover.commands as c
  set state = 'taken', taken_until = clock_timestamp() + p_patience_ms * interval '1 millisecond'
  where (c.rollout, c.id) = (
    select waiting.rollout, waiting.id
    from changeover.commands as waiting
    join changeover.rollouts as r on r.id = waiting.rollout
    join changeover.leases as l on l.service = r.service
    where waiting.expires_at > clock_timestamp()
      and (waiting.state = 'open' or (waiting.state = 'taken' and waiting.taken_until < clock_timestamp()))
      and l.holder = any (p_holders) and l.expires_at > clock_timestamp()
      and waiting.rollout <> all (p_except)
    order by waiting.sent_at, waiting.id
    limit 1
    for update of waiting skip locked
  )
  returning c.rollout, c.id, c.body
$$;
