/*
 * Checks of results, generated as text for loops that call each function at its own call site. A wrapper function would
 * double the calls, and the compiler inlines only to a limited depth. For numbers, texts and booleans a check costs one
 * comparison, which the compiler drops if it knows the type. Pairs and records are checked in place: if they were
 * passed to a call, they would have to be allocated.
 */

/** The number of results per loop whose fields are checked too. */
export const LOOKS = 16

/** How deep a check looks: `fields` includes the fields of records, `items` those of pairs, `self` only the object. */
export type Look = 'fields' | 'items' | 'self'

const isObject = (name: string) => `typeof ${name} === 'object' && ${name} !== null`
/**
 * This check is a separate function because of deprecated maps (hidden classes): objects have them, for example, where
 * a field is a whole number in some records only. They change the feedback of each property access. In the loop's own
 * feedback this keeps V8 from ever compiling the loop: 70 times as slow. In the feedback of a separate function it does
 * not, and V8 inlines that function.
 */
const isUnfinished = (name: string) => `((x) => x.then !== undefined || x.next !== undefined)(${name})`

/** Returns a statement that passes the variable `name` to `check` (`checkResult`) if it may be or contain a promise. */
export function checkText(name: string, look: Look): string {
  if (look === 'fields') return `if (${isObject(name)}) check(${name}, true);`
  const self = `if (${isUnfinished(name)}) check(${name});`
  if (look === 'self') return `if (${isObject(name)}) { ${self} }`
  const holds = `${name}.length !== 2 || typeof ${name}[0] === 'object' || typeof ${name}[1] === 'object'`
  return `if (${isObject(name)}) {
    if (Array.isArray(${name})) { if (${holds}) check(${name}); }
    else ${self}
  }`
}

/**
 * Returns an expression to iterate over: `call` if its result is an array, otherwise `each(call)` (`checkIterable`).
 */
export function eachText(variable: string, call: string): string {
  return `(Array.isArray(${variable} = ${call}) ? ${variable} : each(${variable}))`
}
