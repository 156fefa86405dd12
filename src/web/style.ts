/** The stylesheet: light and dark, no more than the pages need. */
export const style = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --line: #dde2ea; --ground: #ffffff; --panel: #f5f7fa; --link: #1257b5;
  --ok: #17733c; --warn: #8a5a00; --bad: #b3261e; --past: #5b3a9b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #9aa5b4; --line: #303947; --ground: #141a22; --panel: #1b232e; --link: #7fb2ff;
  --ok: #6fd397; --warn: #f0c05a; --bad: #ff9088; --past: #c4a8ff; } }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground); }
body.in-the-past { border: 4px solid var(--past); min-height: 100vh; }
header { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; align-items: center; padding: .7rem 1.2rem; border-bottom: 1px solid var(--line); background: var(--panel); }
.brand { font-weight: 700; text-decoration: none; color: var(--ink); }
nav a { margin-right: .8rem; }
a { color: var(--link); }
form.at { margin-left: auto; display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }
input, button { font: inherit; color: inherit; background: var(--ground); border: 1px solid var(--line); border-radius: 4px; padding: .2rem .5rem; }
form.at input { width: 21rem; max-width: 60vw; }
.point, .soft { color: var(--soft); }
.past { margin: 0; padding: .6rem 1.2rem; background: var(--past); color: var(--ground); }
.past a { color: inherit; }
main { padding: 1rem 1.2rem 3rem; max-width: 90rem; }
h1 { font-size: 1.4rem; margin: .2rem 0 1rem; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 1.6rem 0 .4rem; text-transform: capitalize; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { font-weight: 600; color: var(--soft); white-space: nowrap; }
td.path { font-family: ui-monospace, monospace; font-size: .9em; width: 24rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
pre { background: var(--panel); padding: .6rem .8rem; overflow-x: auto; border-radius: 4px; }
.healthy, .running, .observed { color: var(--ok); } .warning, .unseen, .stopped { color: var(--warn); } .critical, .failed, .retired { color: var(--bad); }
del { color: var(--bad); text-decoration: none; } ins { color: var(--ok); text-decoration: none; }
.event { border-bottom: 1px solid var(--line); padding: .5rem 0; } .event p { margin: 0; } .event table { margin: .2rem 0 0 1rem; width: calc(100% - 1rem); }
`
