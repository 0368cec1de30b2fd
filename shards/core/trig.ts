/**
 * Sine and cosine that agree to the last bit on every engine: `Math.sin` may differ between two browsers,
 * these use only + - * on doubles. Accurate to about 1e-15 for angles up to a million radians. [T1]
 * Source: the kernels of fdlibm (Sun Microsystems, 1993), with a two-part reduction by pi / 2.
 */
const TWO_OVER_PI = 0.6366197723675814;
const HALF_PI_HIGH = 1.5707963267341256;
const HALF_PI_LOW = 6.077100506506192e-11;

/** Use this instead of `Math.sin` in `step`. */
export function sin(radians: number): number {
  return turned(radians, 0);
}

/** Use this instead of `Math.cos` in `step`. */
export function cos(radians: number): number {
  return turned(radians, 1);
}

function turned(radians: number, quarters: number): number {
  const turns = Math.round(radians * TWO_OVER_PI);
  const rest = radians - turns * HALF_PI_HIGH - turns * HALF_PI_LOW;
  switch ((((turns + quarters) % 4) + 4) % 4) {
    case 0:
      return sine(rest);
    case 1:
      return cosine(rest);
    case 2:
      return -sine(rest);
    default:
      return -cosine(rest);
  }
}

function sine(x: number): number {
  const z = x * x;
  const tail =
    0.00833333333332249 +
    z *
      (-0.0001984126982985795 +
        z * (2.7557313707070068e-6 + z * (-2.5050760253406863e-8 + z * 1.58969099521155e-10)));
  return x + x * z * (-0.16666666666666632 + z * tail);
}

function cosine(x: number): number {
  const z = x * x;
  const tail =
    0.0416666666666666 +
    z *
      (-0.001388888888887411 +
        z *
          (2.480158728947673e-5 +
            z * (-2.7557314351390663e-7 + z * (2.087572321298175e-9 - z * 1.1359647557788195e-11))));
  return 1 - (0.5 * z - z * z * tail);
}
