/*
 * Checks of results as text, for loops that call a function at a call site of its own: a wrapper would make two functions
 * of one, which the compiler does not inline as far. Numbers, texts and booleans cost one comparison, which the compiler
 * drops where it knows the type. Pairs and records are looked at in place: passed to a call, they must be allocated.
 */

/** So many results of each loop over a piece of records have their fields looked at. */
export const LOOKS = 16

/** How close a loop looks: `fields` at the fields of records too, `items` at those of pairs, `self` at the object alone. */
export type Look = 'fields' | 'items' | 'self'

const isObject = (name: string) => `typeof ${name} === 'object' && ${name} !== null`
const isUnfinished = (name: string) => `(${name}.then !== undefined || ${name}.next !== undefined)`

/** A statement that passes the variable `name` to `check` (`checkResult`) if it may be a promise or hold one. */
export function checkText(name: string, look: Look): string {
  if (look === 'fields') return `if (${isObject(name)}) check(${name}, true);`
  const self = `if ${isUnfinished(name)} check(${name});`
  if (look === 'self') return `if (${isObject(name)}) { ${self} }`
  const holds = `${name}.length !== 2 || typeof ${name}[0] === 'object' || typeof ${name}[1] === 'object'`
  return `if (${isObject(name)}) {
    if (Array.isArray(${name})) { if (${holds}) check(${name}); }
    else ${self}
  }`
}

/** An expression for what to iterate over: `call`, or what `each` (`checkIterable`) makes of it unless it is an array. */
export function eachText(variable: string, call: string): string {
  return `(Array.isArray(${variable} = ${call}) ? ${variable} : each(${variable}))`
}
