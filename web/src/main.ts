// Starts the console. The styles and fonts come from this node and nowhere else.
import '@fontsource-variable/noto-sans-sc/index.css';
import './app.css';
import { mount } from 'svelte';
import App from './App.svelte';

const target = document.getElementById('app');
if (target) mount(App, { target });
