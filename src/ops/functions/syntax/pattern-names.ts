import type { Identifier, Pattern } from 'acorn'

/** Returns the names and properties that a pattern assigns to. */
export function targetsOf(pattern: Pattern): Pattern[] {
  switch (pattern.type) {
    case 'ObjectPattern':
      return pattern.properties.flatMap((property) =>
        targetsOf(property.type === 'RestElement' ? property.argument : property.value),
      )
    case 'ArrayPattern':
      return pattern.elements.flatMap((element) => (element ? targetsOf(element) : []))
    case 'RestElement':
      return targetsOf(pattern.argument)
    case 'AssignmentPattern':
      return targetsOf(pattern.left)
    default:
      return [pattern]
  }
}

/** Returns the variables that a pattern assigns to. */
export function namesOf(pattern: Pattern): Identifier[] {
  return targetsOf(pattern).filter((target): target is Identifier => target.type === 'Identifier')
}

/** Returns the names in a parameter whose values the caller passes, in properties that the text names. */
export function givenNames(pattern: Pattern): Identifier[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern]
    case 'ObjectPattern':
      return pattern.properties.flatMap((property) =>
        property.type === 'RestElement' || property.computed ? [] : givenNames(property.value),
      )
    case 'ArrayPattern':
      return pattern.elements.flatMap((element) => (element ? givenNames(element) : []))
    default:
      return []
  }
}
