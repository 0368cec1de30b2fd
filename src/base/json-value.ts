/** The types of JSON, apart from json.ts so that fault.ts can carry a value while json.ts throws faults. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };
