import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// Not `build.lib`: its ES mode leaves the whitespace in. Streamlit finds the files by a glob that must match exactly
// one script and one style sheet, so both have hashed names and the folder is emptied before each build.
export default defineConfig({
  base: "./",
  plugins: [react()],
  build: {
    outDir: "../frontend_dist",
    emptyOutDir: true,
    cssCodeSplit: false,
    modulePreload: false,
    target: "es2022",
    chunkSizeWarningLimit: 700,
    rollupOptions: {
      input: "src/index.tsx",
      preserveEntrySignatures: "strict",
      output: {
        format: "es",
        entryFileNames: "index-[hash].js",
        chunkFileNames: "chunks/[name]-[hash].js",
        assetFileNames: "[name]-[hash][extname]",
      },
    },
  },
});
