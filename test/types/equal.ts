/** True where two types are the same, `any` told from everything else. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** Compiles where `T` is exactly what `value` is: `same<RDD<number>>()(rdd)`. */
export declare function same<T>(): <U>(
  value: U,
  ...proof: Equal<T, U> extends true ? [] : ['these types differ', T, U]
) => void
