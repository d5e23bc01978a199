// Draws each chart block from the table inside it, then folds the table.
(() => {
  "use strict";
  const css = getComputedStyle(document.documentElement);
  const token = (name) => css.getPropertyValue(name).trim();
  const colours = [token("--brand"), "#b3541e", token("--teal"), "#6a3fa0", "#33424e"];
  const size = Math.max(13, parseFloat(getComputedStyle(document.body).fontSize) - 3);
  // The real name: "inherit" draws, but cannot be measured, and labels would overlap.
  const family = getComputedStyle(document.body).fontFamily;
  const number = (text) => {
    const value = Number(text.replace(/[^0-9.-]/g, ""));
    return text.trim() === "—" || Number.isNaN(value) ? null : value;
  };

  const draw = (figure) => {
    const canvas = figure.querySelector(".chart__canvas");
    const heads = [...figure.querySelectorAll("thead th")].map((cell) => cell.textContent);
    const rows = [...figure.querySelectorAll("tbody tr")].map((row) => [...row.cells].map((cell) => cell.textContent));
    const dashed = figure.dataset.dashed.split(",").filter(Boolean).map(Number);
    const series = heads.slice(1).map((name, index) => ({
      name,
      type: figure.dataset.chart,
      data: rows.map((row) => number(row[index + 1])),
      showSymbol: false,
      symbol: ["circle", "rect", "triangle", "diamond"][index % 4],
      lineStyle: { width: 2.5, type: dashed.includes(index + 1) ? "dashed" : "solid" },
      itemStyle: { borderRadius: [4, 4, 0, 0] },
    }));
    canvas.hidden = false;
    const chart = window.echarts.init(canvas, null, { renderer: "svg" });
    chart.setOption({
      color: colours,
      animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      textStyle: { fontFamily: family, fontSize: size },
      grid: { left: 8, right: 12, top: series.length > 1 ? 44 : 24, bottom: 8, containLabel: true },
      legend: { show: series.length > 1, top: 0, textStyle: { fontSize: size, color: token("--ink") } },
      // Rich text instead of HTML: the page's policy allows no inline styles.
      tooltip: { trigger: "axis", renderMode: "richText", valueFormatter: (value) => value === null ? "—" : `${value}${figure.dataset.unit}` },
      xAxis: { type: "category", data: rows.map((row) => row[0]), axisLabel: { fontSize: size, color: token("--muted"), hideOverlap: true } },
      yAxis: { type: "value", name: figure.dataset.unit, axisLabel: { fontSize: size, color: token("--muted") } },
      series,
    });
    new ResizeObserver(() => chart.resize()).observe(canvas);
    figure.querySelector(".chart__data").open = false;
  };
  document.querySelectorAll("[data-chart]").forEach(draw);
})();
