/** Operations that cases ask for and the library does not have. This list only shrinks. */
export const NOT_YET = []
