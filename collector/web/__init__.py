"""HTTP for people and programs: in come requests, out go pages, JSON and the files of replays."""
