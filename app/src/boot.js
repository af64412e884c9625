(() => {
  const { js, wasm } = document.currentScript.dataset;
  // What is cut off because the page is being left is no fault.
  let leaving = false;
  for (const event of ["beforeunload", "pagehide"]) addEventListener(event, () => (leaving = true));
  const wake = async () => {
    const [front, code] = await Promise.all([import(js), fetch(wasm)]);
    await front.default({ module_or_path: code });
    front.hydrate();
    for (const island of document.querySelectorAll("leptos-island")) await front[island.dataset.component]?.(island);
    document.documentElement.dataset.hydrated = "";
  };
  const begin = () =>
    wake().catch((fault) => {
      if (!leaving) throw fault;
    });
  "requestIdleCallback" in window ? requestIdleCallback(begin, { timeout: 1000 }) : setTimeout(begin, 1);
})();
