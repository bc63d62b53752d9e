//! The demo city's words against sentences as people say them, each labelled by hand: how many are guessed right, and
//! that this does not get worse. Written for this test; no caller ever said them.

use crate::basis::{Answer, Code, Priority};
use crate::plan::ResponseFile;
use crate::triage::{self, Report};

/// Category and sentence; half of them Chinese.
const SENTENCES: &str = "
medical             my husband has chest pain and his arm is numb
medical             She fainted in the kitchen, she's not waking up
medical             my daughter is having a seizure
medical             an old man fell down the stairs and hit his head, there's blood
medical             baby is choking on something
medical             I think he took an overdose of pills
medical             she's pregnant and her water broke
medical             there's no fire, he is just having trouble breathing
structure_fire      there's a fire in the kitchen, the whole house is full of smoke
structure_fire      flames coming out of the third floor window
structure_fire      the apartment above us is burning
structure_fire      smoke in the building, people are still inside
outside_fire        a dumpster is on fire behind the supermarket
outside_fire        grass fire next to the freeway
outside_fire        somebody lit a bonfire in the park and left
outside_fire        the hillside is burning, it's a brush fire
vehicle_fire        a car on fire on the shoulder of the highway
vehicle_fire        smoke from under the hood of my truck, now it's burning
vehicle_fire        there's a bus on fire at the stop
traffic_collision   two cars crashed at the intersection
traffic_collision   a cyclist was hit by a car and he's lying there
traffic_collision   we got rear-ended, nobody is hurt
traffic_collision   a truck overturned, the driver is trapped in the car behind it
gas_leak            I smell gas in the hallway
gas_leak            they broke a gas line with the digger, I can hear it hissing
electrical_hazard   power line is down across the street, it's sparking
electrical_hazard   the transformer blew, wires are arcing
elevator_rescue     three of us are stuck in the elevator between floors
water_rescue        someone is drowning at the pier, he can't swim
water_rescue        a kayak capsized in the bay
alarm               the fire alarm is going off but there's no smoke
alarm               alarm company here, smoke detector on the second floor
citizen_assist      I'm locked out and my baby is in the flat
odor                there's a strange chemical smell in the stairwell
rescue              a wall collapsed and a worker is buried under the rubble
fuel_spill          a tanker is leaking diesel all over the road
medical             我爸胸口痛，出冷汗，说不出话
medical             老人在浴室摔倒了，头上流血
medical             孩子发高烧，刚刚抽搐了一下
medical             我老婆要生了，羊水破了
medical             有人晕倒在地铁站，叫不醒
medical             没有起火，就是我妈喘不上气
medical             同事被烫伤了，手上起泡
structure_fire      我家厨房着火了，全是烟
structure_fire      对面楼六楼窗口冒烟，好像有人在喊
structure_fire      仓库起火，火很大，里面还有人
structure_fire      宿舍楼里着火了快来
outside_fire        路边垃圾桶着火了
outside_fire        后山上着火了，风很大
outside_fire        高速边上的草地着火
vehicle_fire        停车场一辆电动车着火了
vehicle_fire        我的车自燃了，在高架上
vehicle_fire        一辆货车起火，司机跑出来了
traffic_collision   两辆车相撞，有人受伤
traffic_collision   我骑车被撞了，腿动不了
traffic_collision   面包车翻车了，有人卡在车里
gas_leak            家里有煤气味，头有点晕
gas_leak            施工挖断燃气管道了，呲呲响
electrical_hazard   台风把电线刮断了，掉在地上冒火花
electrical_hazard   楼下变压器爆了
elevator_rescue     我们四个人困在电梯里了
elevator_rescue     电梯停了，门打不开
water_rescue        有个小孩掉到河里了，快来
water_rescue        江边有人落水，没看见人了
water_rescue        有人要跳河
alarm               商场烟感一直在响，没看到烟
alarm               消防控制室报告，三楼火灾报警器响了
citizen_assist      我把钥匙忘在家里，孩子被反锁了
citizen_assist      水管爆了，漏水漏到楼下
odor                楼道里有刺鼻的异味
rescue              工地塌方，有人被埋
fuel_spill          油罐车漏油，路上全是
";

fn demo() -> ResponseFile {
    let text = include_str!("../../../../examples/demo-city/response.toml");
    ResponseFile::parse(text).unwrap()
}

#[test]
fn most_sentences_are_guessed_right_in_both_languages() {
    let file = demo();
    let (mut right, mut silent, mut wrong) = ([0, 0], [0, 0], [0, 0]);
    for line in SENTENCES.lines().filter(|line| !line.is_empty()) {
        let (category, said) = line.split_once(' ').unwrap();
        let said = said.trim();
        let language = usize::from(!said.is_ascii());
        let report = Report {
            said,
            ..Report::default()
        };
        let found = triage::assess(&file, &report).unwrap();
        match found.category.as_ref().map(Code::as_str) {
            Some(guess) if guess == category => right[language] += 1,
            Some(guess) => {
                wrong[language] += 1;
                println!("{category} taken for {guess}: {said} {:?}", found.guesses);
            }
            None => {
                silent[language] += 1;
                println!("{category} not guessed: {said}");
            }
        }
    }
    for (language, name) in ["English", "Chinese"].into_iter().enumerate() {
        let (right, wrong, silent) = (right[language], wrong[language], silent[language]);
        let share = 100 * right / (right + wrong).max(1);
        println!("{name}: {right} right, {wrong} wrong, {silent} not guessed; precision {share} %");
        assert!(share >= 90 && silent <= 2, "{name}");
    }
}

#[test]
fn every_category_of_the_demo_has_words_and_every_question_can_be_reached() {
    let file = demo();
    for code in file.categories.keys() {
        let rules = &file.triage.categories[code];
        let any = |ascii: bool| {
            rules
                .words
                .iter()
                .any(|one| one.as_str().is_ascii() == ascii)
        };
        assert!(
            rules.priority.is_some() && any(true) && any(false),
            "{code}"
        );
    }
    for question in &file.triage.questions {
        let given: Vec<Answer> = question.only_if.iter().cloned().collect();
        let report = Report {
            said: "",
            category: question.categories.iter().next(),
            answers: &given,
        };
        let found = triage::assess(&file, &report).unwrap();
        let mut asked = found.questions.iter();
        assert!(
            asked.any(|asked| asked.question == question.id),
            "{}",
            question.id
        );
    }
}

#[test]
fn somebody_who_does_not_breathe_is_most_urgent_and_a_word_is_read_out() {
    let file = demo();
    let answers = [Answer {
        question: "breathing".parse().unwrap(),
        answer: "no".parse().unwrap(),
    }];
    for said in ["he fell and is not breathing", "他摔倒了，没有呼吸"] {
        let report = Report {
            said,
            category: None,
            answers: &answers,
        };
        let found = triage::assess(&file, &report).unwrap();
        assert_eq!(
            found.category.as_ref().map(Code::as_str),
            Some("medical"),
            "{said}"
        );
        assert_eq!(found.priority, Some(Priority::P1));
        assert_eq!(found.read_out.len(), 1);
    }
}
