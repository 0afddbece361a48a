/**
 * The part of the Lua program that chooses an instance. It runs in nginx, once per request, so it keeps what it compiled
 * in each worker and reads only the version of the table from shared memory.
 */
export const LUA_CHOICE: string = String.raw`
local bit = require "bit"
local band, bxor, rshift, lshift, tobit = bit.band, bit.bxor, bit.rshift, bit.lshift, bit.tobit
local FULL = 10000
local SLACK = 1.5 * FULL
local GOLDEN = (math.sqrt(5) - 1) / 2
local busy = {}

local function text(hex)
  return (hex:gsub("..", function(pair) return string.char(tonumber(pair, 16)) end))
end

-- The low 32 bits of a product: doubles hold no more than 53.
local function imul(a, b)
  local al, ah = band(a, 0xffff), rshift(a, 16)
  local bl, bh = band(b, 0xffff), rshift(b, 16)
  return tobit(al * bl + lshift(band(al * bh + ah * bl, 0xffff), 16) % 4294967296)
end

-- FNV-1a and the finaliser of murmur3: inCohort of @changeover/engine.
local function bucket(key)
  local hash = tobit(0x811c9dc5)
  for i = 1, #key do hash = imul(bxor(hash, key:byte(i)), 0x01000193) end
  hash = imul(bxor(hash, rshift(hash, 16)), tobit(0x85ebca6b))
  hash = imul(bxor(hash, rshift(hash, 13)), tobit(0xc2b2ae35))
  return bxor(hash, rshift(hash, 16)) % 4294967296
end

local function most_owed(owed)
  local most = 1
  for i = 2, #owed do if owed[i] > owed[most] then most = i end end
  return most
end

local function pick_at(weights, point)
  local edge, last = 0, 1
  for i, weight in ipairs(weights) do
    if weight > 0 then
      edge = edge + weight
      if point < edge then return i end
      last = i
    end
  end
  return last
end

-- Whose turn it is, for 10,000 requests: golden-ratio rotation, corrected where it strays from the exact share. The last
-- hundred settle what is owed, so that the next round begins even.
local function rotation(weights)
  local owed, order, at = {}, {}, 0
  for i = 1, #weights do owed[i] = 0 end
  for n = 1, FULL do
    at = (at + GOLDEN) % 1
    for i, weight in ipairs(weights) do owed[i] = owed[i] + weight end
    local pick, most = pick_at(weights, at * FULL), most_owed(owed)
    if n > FULL - 100 or owed[most] > SLACK or owed[pick] - FULL < -SLACK then pick = most end
    owed[pick] = owed[pick] - FULL
    order[n] = pick
  end
  return order
end

-- Pools that share traffic, and in which order.
local function lane_of(name, pools, weights)
  local own, shares = {}, {}
  for i, pool in ipairs(pools) do
    if weights[i] > 0 then
      own[#own + 1], shares[#shares + 1] = pool, weights[i]
    end
  end
  return { name = name, pools = own, order = #own > 1 and rotation(shares) or nil }
end

local function read_cookie(name)
  local all = ngx.var.http_cookie
  if not all then return nil end
  for pair in all:gmatch("[^;]+") do
    local equals = pair:find("=", 1, true)
    if equals and pair:sub(1, equals - 1):match("^[ \t]*(.-)[ \t]*$") == name then
      local value = pair:sub(equals + 1):match("^[ \t]*(.-)[ \t]*$")
      return value:match('^"(.*)"$') or value
    end
  end
  return nil
end

local function read_mark(place)
  if place.cookie then return read_cookie(place.cookie) end
  return ngx.var[place.header]
end

local function lane_pool(routes, counts, lane)
  if not lane.order then return lane.pools[1] end
  local turn = counts:incr("n:" .. lane.name .. ":" .. routes.version, 1, -1) or 0
  return lane.pools[lane.order[turn % FULL + 1]]
end

local function choose_pool(routes, counts)
  for _, rule in ipairs(routes.rules) do
    local mark = read_mark(rule)
    if mark and (not rule.value or rule.value == mark) then return rule.pool end
  end
  local affinity = routes.affinity
  local mark = affinity and read_mark(affinity)
  if mark and mark ~= "" then
    local inside = bucket(affinity.salt .. "\0" .. mark) * 100 < affinity.pool.weight / 100 * 4294967296
    if inside then return affinity.pool end
    return lane_pool(routes, counts, routes.rest)
  end
  return lane_pool(routes, counts, routes.all)
end

-- The least busy as this worker sees it; ties go round.
local function least_busy(pool)
  local instances, best = pool.instances, nil
  pool.turn = pool.turn % #instances + 1
  for i = 0, #instances - 1 do
    local at = (pool.turn + i - 1) % #instances + 1
    local load = busy[instances[at].id] or 0
    if not best or load < (busy[instances[best].id] or 0) then best = at end
    if load == 0 then break end
  end
  return best
end

local function parse(body)
  local routes = { pools = {}, rules = {}, named = {}, marks = {} }
  local shares, rest, whole = {}, {}, false
  for line in body:gmatch("[^\n]+") do
    local word, fields = line:match("^(%l+) ?(.*)$")
    if word == "pool" then
      local release, weight = fields:match("^x(%x*) (%d+)$")
      local pool = { release = release, weight = tonumber(weight), instances = {}, turn = 0 }
      routes.pools[#routes.pools + 1], routes.named[release] = pool, pool
      shares[#shares + 1] = pool.weight
    elseif word == "instance" then
      local id, host, port = fields:match("^x(%x*) (%S+) (%d+)$")
      local instances = routes.pools[#routes.pools].instances
      instances[#instances + 1] = { id = id, host = host, port = tonumber(port) }
    elseif word == "rule" or word == "affinity" then
      local release, place, name, more = fields:match("^x(%x*) (%l+) x(%x+) ?(.*)$")
      local mark = { pool = routes.named[release], [place] = text(name) }
      if place == "header" then mark.header = "http_" .. mark.header:lower():gsub("%-", "_") end
      local extra = more:match("^x(%x*)$")
      if word == "rule" then
        mark.value = extra and text(extra)
        routes.rules[#routes.rules + 1] = mark
      else
        mark.salt = text(extra)
        routes.affinity = mark
      end
    elseif word == "rest" then
      for share in fields:gmatch("%d+") do rest[#rest + 1] = tonumber(share) end
    elseif word == "table" then
      routes.revision, routes.fence = fields:match("^(%-?%d+) (%-?%d+) ")
    elseif word == "end" then
      whole = true
    end
  end
  if not whole or not routes.revision then return nil end
  routes.revision, routes.fence = tonumber(routes.revision), tonumber(routes.fence)
  routes.all = lane_of("all", routes.pools, shares)
  if routes.affinity then routes.rest = lane_of("rest", routes.pools, rest) end
  return routes
end
`
