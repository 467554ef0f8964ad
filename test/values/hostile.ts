const throws = (): never => {
  throw new Error('trap')
}

/** A Proxy whose every trap throws. */
function trapped(target: object): object {
  const traps = new Proxy({}, { get: () => throws })
  return new Proxy(target, traps)
}

class Point {
  x = 1
}

class Named {
  y = 1
  static get name(): string {
    return throws()
  }
}

function cycle(): object {
  const self: Record<string, unknown> = {}
  return Object.assign(self, { self, again: [self] })
}

/** Values that break `JSON.stringify`, `String()` or a check that reads more of a value than it must. */
export const HOSTILE: Readonly<Record<string, () => unknown>> = {
  'a bigint': () => 5n,
  'a huge bigint': () => 1n << 100_000n,
  'a symbol': () => Symbol('x'),
  'an object that leads to itself': cycle,
  'a Proxy that throws': () => trapped({}),
  'a Proxy of a function that throws': () => trapped(() => 1),
  'a Proxy of an array that throws': () => trapped([]),
  'an object without a prototype': () => Object.create(null),
  'a huge text': () => 'x'.repeat(5_000_000),
  'a getter that throws': () => ({
    get a() {
      return throws()
    },
  }),
  'a conversion that throws': () => ({
    [Symbol.toPrimitive]: throws,
    toString: throws,
    toJSON: throws,
    valueOf: throws,
  }),
  'a constructor that throws': () =>
    Object.create({
      get constructor() {
        return throws()
      },
    }),
  'an invalid Date': () => new Date(Number.NaN),
  'a function': () => () => 1,
  'a class': () => Point,
  'a class whose name throws': () => Named,
  'an instance of a class': () => new Point(),
  'an instance of a class whose name throws': () => new Named(),
  NaN: () => Number.NaN,
  '-0': () => -0,
  Infinity: () => Infinity,
  'a fraction': () => 1.5,
  null: () => null,
  'an empty text': () => '',
  'an array of symbols': () => [Symbol('x')],
  'a Map of itself': () => {
    const map = new Map<unknown, unknown>()
    return map.set(map, map)
  },
  'a revoked Proxy': () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    return proxy
  },
  // biome-ignore lint/suspicious/noThenProperty: that is the case.
  'a thenable': () => ({ then: () => undefined }),
  'a boxed text': () => Object('x'),
}

export const SECRET = 'hunter2-secret'
