/** What is changed, and the tests that are to notice: those that say what the room promises, and take a second. */
export const rooms = {
  kernel: {
    mutate: ["src/kernel/**/*.ts"],
    tests: [
      "tests/property/{canonical-json,patch}.test.ts",
      "tests/spec/{csv,errors,html,ids,json,names,points,printable,recent,rfc8785,small-heap,span,tar,waiting,write-durably}.test.ts",
    ],
  },
}
