(() => {
  const { js, wasm } = document.currentScript.dataset;
  const wake = async () => {
    const [front, code] = await Promise.all([import(js), fetch(wasm)]);
    await front.default({ module_or_path: code });
    front.hydrate();
    for (const island of document.querySelectorAll("leptos-island")) await front[island.dataset.component]?.(island);
    document.documentElement.dataset.hydrated = "";
  };
  "requestIdleCallback" in window ? requestIdleCallback(wake, { timeout: 1000 }) : setTimeout(wake, 1);
})();
