import { describe } from './describe.js'

/** Checks a field. Throws an Error that names the field, its value, and the allowed values. */
export type Check = (value: unknown, field: string) => void

/** The last moment that a Date can hold, in ms. */
export const LAST_TIME = 8.64e15

/** Reports an invalid field. @throws Error always. */
export function refuse(field: string, value: unknown, allowed: string): never {
  const given = value === undefined ? 'missing' : describe(value)
  throw new Error(`its field ${field || 'body'} is ${given}; it must be ${allowed}`)
}

export function satisfying(allowed: string, test: (value: unknown) => boolean): Check {
  return (value, field) => {
    if (!test(value)) refuse(field, value, allowed)
  }
}

export function integer(least: number, most: number, what: string): Check {
  return satisfying(`${what} from ${least} to ${most}`, (value) => {
    return Number.isInteger(value) && (value as number) >= least && (value as number) <= most
  })
}

export function object(fields: Readonly<Record<string, Check>>): Check {
  return (value, field) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(field, value, 'an object')
    for (const [name, check] of Object.entries(fields)) {
      check((value as Record<string, unknown>)[name], field ? `${field}.${name}` : name)
    }
  }
}

/** Accepts a missing field too. */
export function optional(check: Check): Check {
  return (value, field) => {
    if (value !== undefined) check(value, field)
  }
}

/** Checks an object whose names must all match, with one check for all of its values. */
export function record(names: RegExp, check: Check): Check {
  return (value, field) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(field, value, 'an object')
    for (const [name, item] of Object.entries(value)) {
      const at = field ? `${field}.${name}` : name
      if (!names.test(name)) refuse(at, item, `named as ${names}`)
      check(item, at)
    }
  }
}

export function list(check: Check): Check {
  return (value, field) => {
    if (!Array.isArray(value)) refuse(field, value, 'a list')
    for (const [i, item] of value.entries()) check(item, `${field}[${i}]`)
  }
}

/** Checks a list with one check per item. */
export function tuple(...checks: readonly Check[]): Check {
  return (value, field) => {
    if (!Array.isArray(value) || value.length !== checks.length) refuse(field, value, `a list of ${checks.length}`)
    for (const [i, check] of checks.entries()) check(value[i], `${field}[${i}]`)
  }
}

/** Accepts `missing`, or any value that the check accepts. */
export function or(missing: null | undefined, check: Check): Check {
  return (value, field) => {
    if (value !== missing) check(value, field)
  }
}

export const text = satisfying('a text', (value) => typeof value === 'string')
export const flag = satisfying('true or false', (value) => typeof value === 'boolean')
export const finite = satisfying('a finite number', Number.isFinite)
export const time = integer(0, LAST_TIME, 'a time in ms, a whole number')
