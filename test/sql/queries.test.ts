import 'millrace/sql'
import { sql } from 'millrace/sql'
import { table } from '../support/table.js'

const WORDS = ['b', 'a', 'b', 'c', 'b', 'a']

table([
  {
    name: 'a dataset of values has the column value',
    run: (ctx) =>
      ctx.parallelize(WORDS, 3).sql('select value, count(*) as n from batch group by 1 order by n').collect(),
    expected: [
      { value: 'c', n: 1 },
      { value: 'a', n: 2 },
      { value: 'b', n: 3 },
    ],
  },
  {
    name: 'pairs have the columns key and value',
    run: (ctx) =>
      ctx
        .parallelize(WORDS, 3)
        .map((word): [string, number] => [word, 1])
        .reduceByKey((a, b) => a + b)
        .sql('select key, value from batch order by key')
        .collect(),
    expected: [
      { key: 'a', value: 2 },
      { key: 'b', value: 3 },
      { key: 'c', value: 1 },
    ],
  },
  {
    name: 'rows keep the order of the partitions without ORDER BY',
    run: (ctx) => ctx.range(0, 5000, 1, 7).sql('select value from batch where value % 1000 = 0').collect(),
    expected: [0, 1000, 2000, 3000, 4000].map((value) => ({ value })),
  },
  {
    name: 'the result is a dataset like any other',
    run: (ctx) =>
      ctx
        .range(0, 10, 1, 2)
        .sql<{ x: number }>('select value * 2 as x from batch')
        .filter(({ x }) => x > 14)
        .sql('select sum(x) as total from batch')
        .collect(),
    expected: [{ total: 34 }],
  },
  {
    name: 'a query joins datasets by their names',
    run: (ctx) => {
      const users = ctx.parallelize([
        { id: 1, name: 'Ada' },
        { id: 2, name: 'Bob' },
      ])
      const visits = ctx.parallelize([
        { user: 2, page: '/' },
        { user: 1, page: '/' },
        { user: 2, page: '/docs' },
      ])
      const query = 'select name, count(*) as n from visits join users on id = "user" group by name order by name'
      return sql(query, { users, visits }).collect()
    },
    expected: [
      { name: 'Ada', n: 1 },
      { name: 'Bob', n: 2 },
    ],
  },
  {
    name: 'a table may have a name that another has with something added',
    run: (ctx) => {
      const names = ['a', 'a of records', 'result of the query', 'records 0', 'result']
      const tables = names.map((name, i) => [name, ctx.parallelize([{ n: i }], 1)] as const)
      const query = names.map((name) => `select n from "${name}"`).join(' union all ')
      return sql(
        `with records as (select 9 as n) ${query} union all from records`,
        Object.fromEntries(tables),
      ).collect()
    },
    expected: [0, 1, 2, 3, 4, 9].map((n) => ({ n })),
  },
  {
    name: 'a name of any characters is a name',
    run: (ctx) => {
      const odd = ctx.parallelize([{ 'a "quoted" column': 1, é: 2 }])
      return sql('select "a ""quoted"" column" + "é" as sum from "my ""table"""', { 'my "table"': odd }).collect()
    },
    expected: [{ sum: 3 }],
  },
  {
    name: 'parameters by position',
    run: (ctx) =>
      ctx
        .range(0, 10, 1, 2)
        .sql('from batch where value >= ? limit ?', { params: [7, 2] })
        .collect(),
    expected: [{ value: 7 }, { value: 8 }],
  },
  {
    name: 'parameters by name, of every kind',
    run: (ctx) =>
      ctx
        .range(1)
        .sql('select $text as t, $no as n, $at as a, $list as l, $struct.x as x, $big as b, $yes as y from batch', {
          params: {
            text: "it's; drop table batch --",
            no: null,
            at: new Date(5),
            list: ['a', null],
            struct: { x: 1.5 },
            big: 2n ** 62n,
            yes: true,
          },
        })
        .collect(),
    expected: [
      { t: "it's; drop table batch --", n: null, a: new Date(5), l: ['a', null], x: 1.5, b: 2n ** 62n, y: true },
    ],
  },
  {
    name: 'an empty dataset with types has its columns',
    run: (ctx) =>
      sql('select count(word) as n, max(word) as last from words', {
        words: ctx.emptyRDD<{ word: string }>().toTable({ word: 'VARCHAR' }),
      }).collect(),
    expected: [{ n: 0, last: null }],
  },
  {
    name: 'an empty dataset without types has the columns that the query names',
    run: (ctx) =>
      ctx
        .emptyRDD<{ word: string }>()
        .sql('select count(*) as n, count(word) as words, sum(b.x) as x from batch b')
        .collect(),
    expected: [{ n: 0, words: 0, x: null }],
  },
  {
    name: 'an empty dataset without types groups to nothing',
    run: (ctx) => ctx.emptyRDD<string>().sql('select value, count(*) as n from batch group by 1').collect(),
    expected: [],
  },
  {
    name: 'a dataset of many chunks',
    run: (ctx) => ctx.range(0, 100_000, 1, 4).sql('select count(*) as n, sum(value) as sum from batch').collect(),
    expected: [{ n: 100_000, sum: 4_999_950_000 }],
  },
  {
    name: 'a result of many chunks',
    run: async (ctx) => (await ctx.range(0, 10_000, 1, 4).sql('from batch').collect()).map(({ value }) => value),
    expected: Array.from({ length: 10_000 }, (_, i) => i),
  },
])
