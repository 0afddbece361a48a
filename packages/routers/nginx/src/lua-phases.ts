/** The part of the Lua program that follows a request through nginx, and the part that the adapter talks to. */
export const LUA_PHASES: string = String.raw`
local balancer = require "ngx.balancer"
local M = {}
local compiled = {}

local function dicts(service)
  return ngx.shared["changeover_" .. service], ngx.shared["changeover_" .. service .. "_counts"]
end

-- After a restart shared memory is empty, and the table is in the file that the adapter wrote before.
local function restore(dict, path)
  local file = io.open(path, "r")
  if not file then return nil end
  local body = file:read("*a")
  file:close()
  local version = ngx.md5(body)
  if not parse(body) or not dict:safe_set("t:" .. version, body) then return nil end
  dict:add("v", version)
  return dict:get("v")
end

local function routes_of(service, path)
  local dict = dicts(service)
  for _ = 1, 100 do
    local version = dict:get("v") or restore(dict, path)
    if not version then return nil end
    local known = compiled[service]
    if known and known.version == version then return known end
    local body = dict:get("t:" .. version)
    local routes = body and parse(body)
    if routes then
      routes.version, routes.body = version, body
      compiled[service] = routes
      return routes
    end
  end
  return nil
end

local function count(counts, id, long, by)
  local worker = ngx.worker.pid()
  busy[id] = (busy[id] or 0) + by
  if busy[id] <= 0 then busy[id] = nil end
  for _, kind in ipairs(long and { "f:", "l:" } or { "f:" }) do
    local key = kind .. worker .. ":" .. id
    -- Nobody but this worker touches the key, and what is not there is 0.
    if (counts:incr(key, by, 0) or 0) <= 0 then counts:delete(key) end
  end
end

-- Undoes what a flight counts; where a request enters a location twice, its first flight ends there.
local function land(service, counts)
  local flight = ngx.var["changeover_" .. service .. "_flight"] or ""
  local id, release, long = flight:match("^(%x*) (%x*) (%d)$")
  if id then count(counts, id, long == "1", -1) end
  return id, release
end

-- What nginx needs for itself, whatever a peer calls a matter of its connection.
local KEPT = { host = true, upgrade = true, connection = true, ["content-length"] = true, ["transfer-encoding"] = true }

local function each_listed(list, drop)
  for name in (list or ""):gmatch("[^%s,]+") do
    if not KEPT[name:lower()] then drop(name) end
  end
end

-- Counted before the version is read again: either this request sees the newer table, or whoever put that one sees it counted.
function M.access(service, path)
  local dict, counts = dicts(service)
  local long = ngx.var.http_upgrade ~= nil
  land(service, counts)
  ngx.var["changeover_" .. service .. "_flight"] = ""
  while true do
    local routes = routes_of(service, path)
    if not routes or #routes.pools == 0 then return ngx.exit(503) end
    local pool = choose_pool(routes, counts)
    local at = least_busy(pool)
    local one = pool.instances[at]
    count(counts, one.id, long, 1)
    each_listed(ngx.var.http_connection, ngx.req.clear_header)
    if dict:get("v") == routes.version then
      ngx.ctx.changeover = { pool = pool, at = at, tries = 0, long = long }
      ngx.var["changeover_" .. service .. "_flight"] = one.id .. " " .. pool.release .. " " .. (long and 1 or 0)
      return
    end
    count(counts, one.id, long, -1)
  end
end

-- Headers that an instance's Connection names are between it and nginx.
function M.answer()
  if not ngx.var.upstream_http_connection then return end
  each_listed(ngx.var.upstream_http_connection, function(name) ngx.header[name] = nil end)
end

-- What reached an instance may have been done: only a request that means no harm is sent again then.
local function may_repeat()
  local method = ngx.req.get_method()
  if method == "GET" or method == "HEAD" or method == "OPTIONS" then return true end
  local sent = (ngx.var.upstream_bytes_sent or ""):match("(%d+)[^%d]*$")
  return sent == "0"
end

function M.balance(service)
  local flight = ngx.ctx.changeover
  if flight.tries > 0 and not may_repeat() then return ngx.exit(502) end
  local instances = flight.pool.instances
  local one = instances[(flight.at + flight.tries - 1) % #instances + 1]
  if flight.tries == 0 then
    if #instances > 1 then balancer.set_more_tries(#instances - 1) end
  elseif #instances > 1 then
    local _, counts = dicts(service)
    local before = instances[(flight.at + flight.tries - 2) % #instances + 1]
    count(counts, one.id, flight.long, 1)
    count(counts, before.id, flight.long, -1)
    ngx.var["changeover_" .. service .. "_flight"] =
      one.id .. " " .. flight.pool.release .. " " .. (flight.long and 1 or 0)
  end
  flight.tries = flight.tries + 1
  local done, why = balancer.set_current_peer(one.host, one.port)
  if not done then ngx.log(ngx.ERR, "changeover: ", why) end
end

local function slowness(ms)
  for i, bound in ipairs(BOUNDS) do if ms <= bound then return i end end
  return #BOUNDS + 1
end

-- What a client broke off before its answer began says nothing about the release.
function M.log(service)
  local _, counts = dicts(service)
  local id, release = land(service, counts)
  if not id then return end
  local head = (ngx.var.upstream_header_time or ""):match("([%d.]+)%s*$")
  local status = ngx.status
  if status == 499 and not head then return end
  counts:incr("T:" .. release, 1, 0)
  if status >= 500 or not head then counts:incr("B:" .. release, 1, 0) end
  counts:incr("S:" .. release .. ":" .. slowness(1000 * tonumber(head or ngx.var.request_time)), 1, 0)
end

local function put(service, path, body)
  local dict, counts = dicts(service)
  local next = parse(body)
  if not next then return 400, "it is no table" end
  local now = routes_of(service, path)
  if now then
    if next.fence < now.fence then return 409, "fence " .. next.fence .. " is older than " .. now.fence .. ", which is in force" end
    if next.revision < now.revision then
      return 409, "revision " .. next.revision .. " is older than " .. now.revision .. ", which is in force"
    end
    if next.revision == now.revision and next.fence == now.fence and body ~= now.body then
      return 409, "revision " .. next.revision .. " is in force with other routes"
    end
  end
  local version = ngx.md5(body)
  local done, why = dict:safe_set("t:" .. version, body)
  if not done then return 507, "it does not fit into shared memory: " .. why end
  dict:set("v", version)
  if now and now.version ~= version then
    dict:delete("t:" .. now.version)
    counts:delete("n:all:" .. now.version)
    counts:delete("n:rest:" .. now.version)
  end
  return 200, version
end

-- Who does not know this worker does not know the others either: what is counted of theirs would be missing.
local function flights(counts, body)
  local workers, active, long, known = {}, 0, 0, false
  for worker in body:match("^[^\n]*"):gmatch("%d+") do
    workers[#workers + 1] = worker
    known = known or worker == tostring(ngx.worker.pid())
  end
  if not known then return "unknown worker " .. ngx.worker.pid() end
  for id in body:gmatch("\nx(%x*)") do
    for _, worker in ipairs(workers) do
      active = active + (counts:get("f:" .. worker .. ":" .. id) or 0)
      long = long + (counts:get("l:" .. worker .. ":" .. id) or 0)
    end
  end
  return active .. " " .. long
end

local function traffic(counts)
  local lines = {}
  for _, key in ipairs(counts:get_keys(0)) do
    if key:match("^[TBS]:") then lines[#lines + 1] = key .. " " .. counts:get(key) end
  end
  return table.concat(lines, "\n")
end

local function locked_put(service, path, body)
  local dict = dicts(service)
  if not dict:add("lock", 1, 5) then return 503, "another table is being put" end
  local ran, status, answer = pcall(put, service, path, body)
  dict:delete("lock")
  if not ran then return 500, tostring(status) end
  return status, answer
end

function M.control(service, path, token)
  if ngx.var.http_x_changeover_token ~= token then return ngx.exit(403) end
  local _, counts = dicts(service)
  ngx.header["X-Changeover"] = service
  ngx.req.read_body()
  local sent, answer, status = ngx.req.get_body_data() or "", "", 200
  if ngx.var.uri == "/flights" then answer = flights(counts, sent)
  elseif ngx.var.uri == "/traffic" then answer = traffic(counts)
  elseif ngx.req.get_method() == "PUT" then status, answer = locked_put(service, path, sent)
  else
    local routes = routes_of(service, path)
    answer = routes and routes.body or ""
  end
  ngx.status = status
  ngx.print(answer)
end

return M
`
