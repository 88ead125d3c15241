#include "reckon/service/openapi.h"

#include <string_view>

#include "reckon/base/json_writer.h"
#include "reckon/version.h"

namespace reckon::service {
namespace {

// clang-format off: it takes JSON in a raw string for code
constexpr std::string_view kPaths = R"openapi({
"/v1/quotes":{"post":{"summary":"Measure and price one trip","operationId":"createQuote","parameters":[{"$ref":"#/components/parameters/IdempotencyKey"}],"requestBody":{"required":true,"content":{"application/json":{"schema":{"$ref":"#/components/schemas/QuoteRequest"}}}},"responses":{"200":{"description":"The quote, recorded","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Quote"}}}},"400":{"$ref":"#/components/responses/Problem"},"409":{"$ref":"#/components/responses/Problem"},"413":{"$ref":"#/components/responses/Problem"},"422":{"$ref":"#/components/responses/Problem"},"503":{"$ref":"#/components/responses/Problem"}}}},
"/v1/quotes/{id}":{"get":{"summary":"A recorded quote","operationId":"getQuote","parameters":[{"$ref":"#/components/parameters/QuoteId"}],"responses":{"200":{"description":"The quote as it was told","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Quote"}}}},"404":{"$ref":"#/components/responses/Problem"}}}},
"/v1/quotes/{id}/trace":{"get":{"summary":"The fee's trace with its tariff, as `reckon verify` reads it","operationId":"getTrace","parameters":[{"$ref":"#/components/parameters/QuoteId"}],"responses":{"200":{"description":"Trace, hash and tariff","content":{"application/json":{"schema":{"$ref":"#/components/schemas/TraceDocument"}}}},"404":{"$ref":"#/components/responses/Problem"}}}},
"/v1/assignments":{"post":{"summary":"Plan riders' routes (VROOM's problem and solution format)","operationId":"createAssignment","parameters":[{"$ref":"#/components/parameters/IdempotencyKey"}],"requestBody":{"required":true,"content":{"application/json":{"schema":{"$ref":"#/components/schemas/RoutingProblem"}}}},"responses":{"200":{"description":"The solution","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Plan"}}}},"400":{"$ref":"#/components/responses/Problem"},"409":{"$ref":"#/components/responses/Problem"},"422":{"$ref":"#/components/responses/Problem"}}}},
"/v1/health":{"get":{"summary":"State of the parts","operationId":"health","responses":{"200":{"description":"ok or degraded","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Health"}}}}}}},
"/metrics":{"get":{"summary":"Prometheus text","operationId":"metrics","responses":{"200":{"description":"Series"}}}},
"/openapi.json":{"get":{"summary":"This document","operationId":"openapi","responses":{"200":{"description":"OpenAPI 3.1"}}}}
})openapi";

constexpr std::string_view kComponents = R"openapi({
"parameters":{
  "IdempotencyKey":{"name":"Idempotency-Key","in":"header","required":false,"schema":{"type":"string","maxLength":255},"description":"The same key and body give the same answer; another body is refused with 409."},
  "QuoteId":{"name":"id","in":"path","required":true,"schema":{"type":"string","pattern":"^[0-9A-HJKMNP-TV-Z]{26}$"}}},
"responses":{
  "Problem":{"description":"RFC 9457 problem with all faults","content":{"application/problem+json":{"schema":{"$ref":"#/components/schemas/Problem"}}}}},
"schemas":{
  "Place":{"type":"object","required":["lat","lon"],"additionalProperties":false,"properties":{"lat":{"type":"number","minimum":-90,"maximum":90},"lon":{"type":"number","minimum":-180,"maximum":180}}},
  "QuoteRequest":{"type":"object","required":["from","to"],"additionalProperties":false,"properties":{"from":{"$ref":"#/components/schemas/Place"},"to":{"$ref":"#/components/schemas/Place"},"vehicle":{"enum":["motorcycle","bicycle","foot","car"]},"at":{"type":"string","format":"date-time"},"tariff":{"type":"string"},"context":{"$ref":"#/components/schemas/Context"}}},
  "Context":{"type":"object","additionalProperties":false,"properties":{"at":{"type":"string","format":"date-time"},"weather":{"type":"array","items":{"enum":["rain","snow","heat","cold"]}},"holiday":{"type":"string"},"areas":{"type":"array","items":{"type":"string"}},"complex":{"type":"string"},"bundle":{"type":"boolean"},"opt_outs":{"type":"array","items":{"type":"string"}},"times":{"type":"object","additionalProperties":false,"properties":{"accepted":{"type":"string","format":"date-time"},"pickup_expected":{"type":"string","format":"date-time"},"picked_up":{"type":"string","format":"date-time"},"delivered":{"type":"string","format":"date-time"}}},"branch":{"type":"string"},"shop_group":{"type":"string"},"shop":{"type":"string"},"flags":{"type":"array","items":{"type":"string"}},"building":{"type":"string"},"channel":{"type":"string"},"rain_mm_h":{"type":"number"},"snow_cm":{"type":"number"},"temperature_c":{"type":"number"},"busy_level":{"type":"integer"},"floor":{"type":"integer"},"weight_g":{"type":"integer"},"volume_ml":{"type":"integer"},"value":{"type":"integer"},"items":{"type":"integer"},"bundle_position":{"type":"integer"},"stops":{"type":"integer"},"route":{"type":"object","additionalProperties":false,"required":["total_m","direct_m","pickups","order"],"properties":{"total_m":{"type":"integer"},"direct_m":{"type":"array","items":{"type":"integer"}},"pickups":{"type":"integer"},"order":{"type":"integer"}}},"outcome":{"type":"object","additionalProperties":false,"properties":{"cancelled":{"$ref":"#/components/schemas/OrderState"},"returned":{"$ref":"#/components/schemas/OrderState"}}}}},
  "OrderState":{"enum":["accepted","assigned","at_pickup","picked_up","at_dropoff","delivered"]},
  "Quote":{"type":"object","required":["quote_id","created_at","expires_at","fee","distance","tariff","map_release","trace_hash"],"properties":{"quote_id":{"type":"string"},"created_at":{"type":"string","format":"date-time"},"expires_at":{"type":"string","format":"date-time"},"fee":{"$ref":"#/components/schemas/Fee"},"distance":{"$ref":"#/components/schemas/Distance"},"tariff":{"type":"object","properties":{"id":{"type":"string"},"version":{"type":"integer"},"release":{"type":"string"}}},"map_release":{"type":["string","null"]},"trace_hash":{"type":"string"}}},
  "Fee":{"type":"object","required":["total","currency","vat","lines"],"properties":{"total":{"type":"integer"},"currency":{"type":"string"},"vat":{"type":["integer","null"]},"lines":{"type":"array","items":{"type":"object","properties":{"rule":{"type":"string"},"type":{"type":"string"},"amount":{"type":"integer"},"text":{"type":"string"}}}}}},
  "Distance":{"type":"object","required":["distance_m","duration_s","source","age_s","low_m","high_m","provisional","why_not"],"properties":{"distance_m":{"type":"integer"},"duration_s":{"type":"integer"},"source":{"type":"string"},"age_s":{"type":"integer"},"low_m":{"type":"integer"},"high_m":{"type":"integer"},"provisional":{"type":"boolean"},"likely_m":{"type":"integer","description":"the metres most likely to be exact, where the tariff prices others"},"why_not":{"type":"array","items":{"type":"object","properties":{"rung":{"type":"string"},"reason":{"type":"string"}}}},"shadow":{"type":"object","description":"the local estimate beside a provider's answer","properties":{"distance_m":{"type":"integer"},"source":{"type":"string"},"low_m":{"type":"integer"},"high_m":{"type":"integer"},"calibration":{"type":"string"}}}}},
  "TraceDocument":{"type":"object","required":["trace","trace_hash","tariff"],"properties":{"trace":{"type":"object","description":"inputs, lines and totals, canonical JSON"},"trace_hash":{"type":"string"},"tariff":{"type":"object","description":"the tariff file's canonical form"}}},
  "Location":{"type":"array","description":"[longitude, latitude], VROOM's order","items":{"type":"number"},"minItems":2,"maxItems":2},
  "RoutingProblem":{"type":"object","required":["vehicles"],"description":"VROOM's problem: coordinates (then the server's road map gives the times) or matrices with indices","properties":{"vehicles":{"type":"array","items":{"type":"object","required":["id"],"properties":{"id":{"type":"integer"},"profile":{"type":"string"},"start":{"$ref":"#/components/schemas/Location"},"end":{"$ref":"#/components/schemas/Location"},"start_index":{"type":"integer"},"end_index":{"type":"integer"},"capacity":{"type":"array","items":{"type":"integer"}},"skills":{"type":"array","items":{"type":"integer"}},"time_window":{"type":"array","items":{"type":"integer"}}}}},"jobs":{"type":"array","items":{"type":"object","required":["id"]}},"shipments":{"type":"array","items":{"type":"object","required":["pickup","delivery"]}},"matrices":{"type":"object","additionalProperties":{"type":"object","properties":{"durations":{"type":"array"},"distances":{"type":"array"}}}}}},
  "Plan":{"type":"object","required":["code","summary","unassigned","routes"],"properties":{"code":{"type":"integer"},"summary":{"type":"object"},"unassigned":{"type":"array","items":{"type":"object","properties":{"id":{"type":"integer"},"type":{"type":"string"},"reckon":{"type":"object","properties":{"reason":{"type":"string"}}}}}},"routes":{"type":"array","items":{"type":"object","properties":{"vehicle":{"type":"integer"},"cost":{"type":"integer"},"duration":{"type":"integer"},"distance":{"type":"integer"},"steps":{"type":"array","items":{"type":"object"}}}}}}},
  "Health":{"type":"object","required":["status","version","map_release","unrecorded_quotes","providers","calibration","tariffs"],"properties":{"status":{"enum":["ok","degraded"]},"version":{"type":"string"},"map_release":{"type":["string","null"]},"unrecorded_quotes":{"type":"integer"},"providers":{"type":"array","items":{"type":"object","properties":{"name":{"type":"string"},"breaker":{"type":"string"}}}},"quotas":{"type":"array","description":"calls made today by providers whose daily_calls are configured","items":{"type":"object","properties":{"provider":{"type":"string"},"used":{"type":"integer"},"daily_calls":{"type":"integer"}}}},"calibration":{"type":"object","required":["release","fault"],"properties":{"release":{"type":["string","null"]},"provider":{"type":"string"},"pairs":{"type":"integer"},"on_roads":{"type":"boolean"},"fault":{"type":["string","null"]}}},"tariffs":{"type":"array","items":{"type":"object","properties":{"id":{"type":"string"},"version":{"type":"integer"},"release":{"type":"string"}}}}}},
  "Problem":{"type":"object","required":["type","title","status","code","faults"],"properties":{"type":{"type":"string"},"title":{"type":"string"},"status":{"type":"integer"},"code":{"type":"string"},"detail":{"type":"string"},"faults":{"type":"array","items":{"type":"object","properties":{"where":{"type":"string"},"message":{"type":"string"}}}}}}}
})openapi";
// clang-format on

}  // namespace

std::string openapi_document() {
  std::string out;
  base::JsonWriter json(out);
  json.begin_object().key("openapi").string("3.1.0").key("info").begin_object();
  json.key("title").string("Reckon").key("version").string(kVersion).end_object();
  json.key("paths").raw(kPaths).key("components").raw(kComponents).end_object();
  return out;
}

}  // namespace reckon::service
