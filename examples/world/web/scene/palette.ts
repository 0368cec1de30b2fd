/** The colours of a late afternoon: those of the screen (sRGB), so that nothing is converted for each pixel. */
import { ColorManagement } from 'three';

// Before the first colour is made.
ColorManagement.enabled = false;

export const PALETTE = {
  zenith: '#4f8fd0',
  sky: '#9cc9ea',
  horizon: '#f6dfc2',
  sun: '#fff0cf',
  haze: '#e9d8c4',
  grass: '#8fae62',
  grassDark: '#7a9a54',
  stone: '#d9c9b0',
  stoneLight: '#e8dcc8',
  stoneDark: '#b9a78d',
  fountain: '#d8d0c4',
  water: '#6fb7d6',
  wood: '#8a6242',
  woodDark: '#5f432d',
  iron: '#3b4148',
  lamp: '#ffe6a8',
  crowns: ['#6f9a4e', '#82a954', '#5d8a50', '#95b35a', '#c99a4a'],
  walls: ['#e9c9a4', '#d9a58a', '#efe0c6', '#c7b8d0', '#a9c0c4', '#e5b98a', '#d8d3b4'],
  roofs: ['#a4553f', '#8d4a3b', '#b5694a', '#7c5048'],
} as const;
