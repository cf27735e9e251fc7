"""What earlier versions wrote of headroom is read."""

import results_factory as make

from giaoban.results.model.studies.headroom import Headroom, Point, RouterRoom
from giaoban.results.model.studies.whatif import Judged


def test_a_file_that_speaks_of_districts_is_read() -> None:
    judged = Judged(
        method="estimate",
        verdict="pass",
        reasons=[],
        binding=None,
        where='"districts": [',
        margins=[],
        in_use=None,
    )
    room = RouterRoom(router="r", name="Cư Jút", more=3, by="x", links_more=None, links_by="")
    answer = Headroom(
        run_id="headroom-20261125-010000",
        verdict="pass",
        question_en="How many?",
        question_vi="Bao nhiêu?",
        existing=8,
        profile="720p30",
        device="rmx",
        device_name="RMX",
        pace_s=2.5,
        inputs=make.result().inputs,
        more=3,
        bottlenecks=[],
        routers=[room],
        links=[],
        devices=[],
        points=[Point(more=3, judged=judged)],
        grid=[3],
        curves=[],
        names={},
        seconds=1.0,
    )
    today = answer.to_json()
    earlier = today.replace("giaoban.headroom/3", "giaoban.headroom/2")
    earlier = earlier.replace('"routers":', '"districts":')
    assert earlier != today
    assert Headroom.from_json(earlier) == answer == Headroom.from_json(today)
