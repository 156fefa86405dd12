/** What is changed, and the tests that are to notice: those that say what the room promises, and take a second. */
export const rooms = {
  kernel: {
    mutate: ["src/kernel/**/*.ts", "!src/kernel/small-heap.ts"],
    tests: [
      "tests/property/{canonical-json,patch}.test.ts",
      "tests/spec/{csv,errors,html,ids,json,names,points,printable,recent,rfc8785,span,tar,waiting,write-durably}.test.ts",
    ],
  },
  decide: {
    mutate: ["src/discovery/decide.ts", "projections/inventory/{evolve,patch-of}.ts"],
    tests: ["tests/property/{decide,evolve}.test.ts", "tests/spec/decide.test.ts"],
  },
  proof: {
    mutate: ["src/ledger/leaf.ts", "src/ledger/proof/{checkpoint,note,tree}.ts"],
    tests: ["tests/property/tree.test.ts", "tests/spec/{leaf,note}.test.ts"],
  },
  timeline: {
    mutate: [
      "src/timeline/{access,density,turns,weight,resolve,entity}.ts",
      "src/timeline/diff/{visible,differing,pair}.ts",
    ],
    tests: [
      "tests/property/{diff,sorted}.test.ts",
      "tests/spec/{access-words,measure}.test.ts",
      "tests/integration/{diff,naming,snapshot-compare}.test.ts",
    ],
  },
}
