#include "reckon/dispatch/mdrp_replay.h"

#include <algorithm>
#include <string_view>

#include "reckon/base/json_writer.h"

namespace reckon::dispatch::mdrp {
namespace {

constexpr std::string_view kHead = R"html(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>Replay of a day</title>
<style>
body { margin: 0; font: 14px sans-serif; background: #f4f3ef; color: #222; display: flex; flex-direction: column; height: 100vh }
header, footer { padding: 8px 12px; display: flex; gap: 12px; align-items: center; flex-wrap: wrap }
canvas { flex: 1; min-height: 0; width: 100% }
input[type=range] { flex: 1; min-width: 200px }
b { font-variant-numeric: tabular-nums }
i { display: inline-block; width: 10px; height: 10px; border-radius: 5px; margin-right: 4px }
</style>
</head>
<body>
<header><strong id="name"></strong> <b id="clock"></b> <span id="counts"></span></header>
<canvas id="plane"></canvas>
<footer>
<button id="play">Play</button>
<label>minutes a second <select id="speed"><option>1<option>5<option selected>15<option>60</select></label>
<input id="time" type="range" step="any" aria-label="time of day">
<span><i style="background:#555;border-radius:0"></i>shop <i style="background:#9aa0a6"></i>free <i style="background:#1a73e8"></i>to a shop
<i style="background:#d9480f"></i>with food <i style="background:#f2b705"></i>order waits
<i style="background:#2b8a3e;border-radius:0"></i>door of food on its way</span>
</footer>
<script>
"use strict";
const day = )html";

constexpr std::string_view kTail = R"html(;
const $ = id => document.getElementById(id);
const plane = $("plane"), pen = plane.getContext("2d"), slider = $("time");
// What is shown: all shops and doors but the outermost hundredth on each side, which may lie far off.
function range(i) {
  const all = day.places.slice(0, day.restaurants + day.orders.length).map(p => p[i]).sort((a, b) => a - b);
  return [all[Math.floor(all.length * 0.01)], all[Math.ceil(all.length * 0.99) - 1]];
}
const [minX, maxX] = range(0), [minY, maxY] = range(1), [first, last] = day.span.map(t => t / day.per_minute);
for (const o of day.orders) for (const i of [1, 2, 4, 5]) o[i] /= day.per_minute;
for (const c of day.couriers) for (const i of [1, 2]) c[i] /= day.per_minute;
for (const moves of day.moves) for (const m of moves) for (const i of [0, 3]) m[i] /= day.per_minute;
let now = first, playing = false, before = 0, pointer = null;
slider.min = first; slider.max = last; slider.value = first;
// day.html#19:40 opens at that time.
function jump() {
  const at = location.hash.match(/^#(\d+):(\d\d)$/);
  if (at) slider.value = now = Math.max(first, Math.min(last, at[1] * 60 + Number(at[2])));
}
jump();
$("name").textContent = day.name;

// Where a courier is: [x, y, place he rides to or stands at]; restaurants have the first numbers.
function place(n) { return day.places[n]; }
function where(c, t) {
  const moves = day.moves[c];
  let low = 0, high = moves.length;
  while (low < high) { const mid = (low + high) >> 1; if (moves[mid][0] <= t) low = mid + 1; else high = mid; }
  if (low === 0) return [...place(day.couriers[c][0]), -1];
  const [depart, from, to, arrive] = moves[low - 1];
  const share = arrive > depart ? Math.min(1, (t - depart) / (arrive - depart)) : 1;
  const a = place(from), b = place(to);
  return [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, to];
}
function draw() {
  const ratio = window.devicePixelRatio || 1, w = plane.clientWidth, h = plane.clientHeight;
  if (plane.width !== w * ratio || plane.height !== h * ratio) { plane.width = w * ratio; plane.height = h * ratio; }
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, w, h);
  const scale = Math.min((w - 60) / Math.max(1, maxX - minX), (h - 60) / Math.max(1, maxY - minY));
  const at = p => [w / 2 + (p[0] - (minX + maxX) / 2) * scale, h / 2 - (p[1] - (minY + maxY) / 2) * scale];
  const dot = (p, r, colour) => { pen.fillStyle = colour; pen.beginPath(); pen.arc(...at(p), r, 0, 7); pen.fill(); };
  // Who is free comes first, so that he hides neither shops nor what goes on.
  day.couriers.forEach(([, on, off], c) => { if (now >= on && now <= off) dot(where(c, now), 2.5, "#9aa0a6"); });
  for (let r = 0; r < day.restaurants; ++r) { pen.fillStyle = "#555"; const [x, y] = at(place(r)); pen.fillRect(x - 1.5, y - 1.5, 3, 3); }
  let waiting = 0, carried = 0, done = 0, minutes = 0, lost = 0;
  const busy = new Map();
  day.orders.forEach(([door, placed, ready, shop, pickup, drop, courier], o) => {
    if (placed > now) return;
    if (courier < 0) { if (now < last) dot(place(shop), 4, "#f2b705"); ++lost; return; }
    if (now < pickup) { ++waiting; dot(place(shop), now < ready ? 3 : 5, "#f2b705"); return; }
    if (now >= drop) { ++done; minutes += drop - placed; return; }
    ++carried;
    busy.set(courier, [...(busy.get(courier) || []), o]);
    const [x, y] = at(place(door));
    pen.fillStyle = "#2b8a3e"; pen.fillRect(x - 3, y - 3, 6, 6);
    pen.strokeStyle = "rgba(43,138,62,.25)"; pen.beginPath(); pen.moveTo(x, y);
    pen.lineTo(...at(where(courier, now))); pen.stroke();
  });
  let near = null;
  day.couriers.forEach(([, on, off, name], c) => {
    const p = where(c, now), holds = busy.get(c) || [];
    const toShop = p[2] >= 0 && p[2] < day.restaurants;
    if ((now < on || now > off) && !holds.length) return;
    if (holds.length || toShop) dot(p, 4, holds.length ? "#d9480f" : "#1a73e8");
    if (!pointer) return;
    const [x, y] = at(p), far = Math.hypot(x - pointer[0], y - pointer[1]);
    if (far < 12 && (!near || far < near[0])) near = [far, x, y, name + (holds.length ? ": " + holds.map(o => day.order_names[o]).join(", ") : "")];
  });
  if (near) { pen.fillStyle = "#000"; pen.fillText(near[3], near[1] + 8, near[2] - 8); }
  const two = n => String(Math.floor(n)).padStart(2, "0");
  $("clock").textContent = two(now / 60) + ":" + two(now % 60);
  $("counts").textContent = `${waiting} wait, ${carried} on board, ${done} delivered` + (lost ? `, ${lost} never` : "") +
    (done ? `; click to door ${(minutes / done).toFixed(1)} min` : "");
}
function frame(stamp) {
  if (playing) {
    now = Math.min(last, now + (stamp - before) / 1000 * Number($("speed").value));
    slider.value = now;
    if (now >= last) toggle();
    draw();
  }
  before = stamp;
  requestAnimationFrame(frame);
}
function toggle() { playing = !playing; if (playing && now >= last) now = first; $("play").textContent = playing ? "Pause" : "Play"; }
$("play").onclick = toggle;
slider.oninput = () => { now = Number(slider.value); draw(); };
plane.onmousemove = e => { pointer = [e.offsetX, e.offsetY]; if (!playing) draw(); };
plane.onmouseleave = () => { pointer = null; draw(); };
window.onresize = draw;
window.onhashchange = () => { jump(); draw(); };
draw();
requestAnimationFrame(frame);
</script>
</body>
</html>
)html";

void write_places(base::JsonWriter& json, const Instance& instance) {
  const auto places = instance.place_of_courier(instance.couriers.size());
  json.key("restaurants").integer(static_cast<std::int64_t>(instance.restaurants.size()));
  json.key("places").begin_array();
  for (std::uint32_t p = 0; p < places; ++p) {
    const Point at = instance.point(p);
    json.begin_array().integer(at.x).integer(at.y).end_array();
  }
  json.end_array();
}

// [door, placed, ready, restaurant, pickup, drop-off, courier or -1]
void write_orders(base::JsonWriter& json, const Instance& instance, const Day& day) {
  json.key("orders").begin_array();
  for (std::size_t o = 0; o < instance.orders.size(); ++o) {
    const auto& order = instance.orders[o];
    const auto& record = day.orders[o];
    json.begin_array().integer(instance.place_of_door(o)).integer(order.placed).integer(order.ready);
    json.integer(order.restaurant).integer(record.pickup).integer(record.dropoff);
    json.integer(record.delivered ? static_cast<std::int64_t>(*record.courier) : -1).end_array();
  }
  json.end_array().key("order_names").begin_array();
  for (const auto& order : instance.orders) json.string(order.name);
  json.end_array();
}

// Couriers: [place at the start, on, off, name]; their moves: [depart, from, to, arrive].
void write_couriers(base::JsonWriter& json, const Instance& instance, const Day& day) {
  json.key("couriers").begin_array();
  for (std::size_t c = 0; c < instance.couriers.size(); ++c) {
    const auto& courier = instance.couriers[c];
    json.begin_array().integer(instance.place_of_courier(c)).integer(courier.on).integer(courier.off);
    json.string(courier.name).end_array();
  }
  json.end_array().key("moves").begin_array();
  for (std::size_t c = 0; c < day.moves.size(); ++c) {
    json.begin_array();
    for (const auto& move : day.moves[c]) {
      const auto ride = at_pace(instance.ride(move.from, move.to), instance.couriers[c].pace_percent);
      json.begin_array().integer(move.depart).integer(move.from).integer(move.to);
      json.integer(move.depart + ride).end_array();
    }
    json.end_array();
  }
  json.end_array();
}

void write_span(base::JsonWriter& json, const Instance& instance, const Day& day) {
  std::int32_t first = kNever;
  std::int32_t last = 0;
  for (std::size_t o = 0; o < instance.orders.size(); ++o) {
    first = std::min(first, instance.orders[o].placed);
    last = std::max({last, instance.orders[o].placed, day.orders[o].dropoff});
  }
  json.key("span").begin_array().integer(std::min(first, last)).integer(last + instance.units(1)).end_array();
  json.key("per_minute").integer(instance.units(1));
}

}  // namespace

std::string replay_html(const Instance& instance, const Day& day) {
  std::string data;
  base::JsonWriter json(data);
  json.begin_object().key("name").string(instance.name);
  write_places(json, instance);
  write_orders(json, instance, day);
  write_couriers(json, instance, day);
  write_span(json, instance, day);
  json.end_object();
  std::string out(kHead);
  // A name of an instance must not end the script: `<` stands only within strings of the data.
  for (const char c : data) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
  out += kTail;
  return out;
}

}  // namespace reckon::dispatch::mdrp
