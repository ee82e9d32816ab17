// The numbers of phi.h, by the names that they have here. Their values never change.

export const Status = Object.freeze({
  OK: 0,
  END: 1,
  PENDING: 2,
  ERR_INVALID_ARGUMENT: -10,
  ERR_OUT_OF_RANGE: -11,
  ERR_BUFFER_TOO_SMALL: -12,
  ERR_NOT_FOUND: -20,
  ERR_IO: -21,
  ERR_BAD_FORMAT: -22,
  ERR_UNSUPPORTED: -23,
  ERR_OUT_OF_MEMORY: -30,
  ERR_OVER_BUDGET: -31,
  ERR_CONTEXT_FULL: -40,
  ERR_CANCELLED: -41,
  ERR_INTERNAL: -90,
});

export const weights = { 'as-stored': 0, f32: 1, bf16: 2, int8: 3, int4: 4 };
export const isa = { best: 0, base: 1, avx2: 2, avx512: 3, 'avx512-vnni': 4 };
export const kv = { bf16: 0, f32: 1, int8: 2 };
export const repack = { 'when-faster': 0, never: 1 };
export const precision = { standard: 0, fast: 1 };
export const pin = { none: 0, cores: 1 };
export const priority = { normal: 0, low: 1, idle: 2 };
export const logLevel = { debug: 0, info: 1, warning: 2 };

/** The number of `name`, of the option `option`. */
export function numberOf(names, name, option) {
  if (Object.hasOwn(names, name)) return names[name];
  throw new TypeError(`${option}: '${name}' is none of ${Object.keys(names).join(', ')}`);
}

/** The name of `number`, or the number itself where a later library knows more of them. */
export function nameOf(names, number) {
  return Object.keys(names).find((name) => names[name] === number) ?? number;
}
